#!/bin/sh
# Runs a program with the variables of a file: sh supervise.sh FILE PROGRAM [ARGUMENT...]
# At SIGHUP the program is ended and started anew with what the file says then. The container stays, and so does the pod.
# The program may take its time to end: it has SIGTERM, and its conversations first. If it ends by itself, so does this,
# with its exit code, and the kubelet does what it does with any container.
file=$1
shift
again='' stopped='' program='' code=0
end() { [ -z "$program" ] || kill -TERM "$program" 2>/dev/null; }
trap 'again=yes; end' HUP
trap 'stopped=yes; end' TERM INT

while [ -z "$stopped" ]; do
  again=''
  . "$file"
  "$@" &
  program=$!
  [ -z "$again$stopped" ] || end # a signal that came before there was a program
  while kill -0 "$program" 2>/dev/null; do # a signal ends the wait, not the program
    wait "$program"
    code=$?
  done
  program=''
  [ -n "$again" ] || break
done
exit "$code"

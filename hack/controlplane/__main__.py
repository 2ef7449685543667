"""The command line: build tools, tell where they are, run a control plane."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import time
from pathlib import Path

from . import BuildError, ControlPlaneError, GoMissingError, control_plane, end_with_parent, tool_path
from .catalog import TOOLS
from .interruption import unwind

LOOK_AGAIN_SECONDS = 0.5
INTERRUPTED = 130  # what a shell says of a program that Ctrl-C ended
DEFAULT_TOOLS = ["etcd", "kube-apiserver", "kube-controller-manager", "kubectl", "helm"]


def main() -> int:
    """Do what the arguments say and give the exit code."""
    arguments = _parser().parse_args()
    signal.signal(signal.SIGTERM, unwind)
    end_with_parent()
    try:
        if arguments.command == "run":
            return _run(arguments)
        for name in arguments.tools or DEFAULT_TOOLS:
            path = tool_path(name)
            print(path if arguments.command == "path" else f"{name}\t{path}", flush=True)
    except (BuildError, ControlPlaneError, GoMissingError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def _run(arguments: argparse.Namespace) -> int:
    definitions = sorted(arguments.definitions.glob("*.yaml")) if arguments.definitions else []
    started = time.monotonic()
    with control_plane(controllers=arguments.controllers, definitions=definitions) as plane:
        seconds = time.monotonic() - started
        sys.stderr.write(f"{plane.server} is up after {seconds:.1f} s; Ctrl-C ends it. Try:\n")
        sys.stderr.write(f"  {tool_path('kubectl')} --kubeconfig={plane.kubeconfig} get namespaces\n")
        print(plane.kubeconfig, flush=True)
        everything = set(plane.pids)
        with contextlib.suppress(KeyboardInterrupt):
            while everything == set(plane.pids):
                time.sleep(LOOK_AGAIN_SECONDS)
            for component in everything - set(plane.pids):
                sys.stderr.write(f"{component} ended:\n{plane.log(component)}\n")
            return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m hack.controlplane", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    build = commands.add_parser("build", help="build tools into the cache, unless they are there")
    known = ", ".join(TOOLS)
    usual = f"of {known}; without any: {', '.join(DEFAULT_TOOLS)}"
    build.add_argument("tools", nargs="*", type=_tool_name, metavar="TOOL", help=usual)
    path = commands.add_parser("path", help="print where a tool is, building it if need be")
    path.add_argument("tools", nargs=1, type=_tool_name, metavar="TOOL", help=f"of {known}")
    run = commands.add_parser("run", help="run a control plane until Ctrl-C; prints the kubeconfig's path")
    run.add_argument("--controllers", action="store_true", help="with garbage collector and namespaces")
    run.add_argument(
        "--definitions", type=Path, metavar="FOLDER", help="create the CRDs in FOLDER/*.yaml first"
    )
    return parser


def _tool_name(name: str) -> str:
    if name not in TOOLS:
        raise argparse.ArgumentTypeError(f"{name} is none of {', '.join(TOOLS)}")
    return name


if __name__ == "__main__":
    sys.exit(main())

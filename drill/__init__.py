"""Plays faults on a real control plane, and lets the observer judge: ``python -m drill --n 200 --lifetime 60``.

One control plane, stand-in provider and operator for all of it. N sessions are spread evenly over one rotation
period; then one fault follows the other, each with a witness of its own from some seconds before the fault until one
rotation period after it. The operator reaches the API server through a proxy of the drill's.

* ``kill``: the operator is killed by SIGKILL and started again 10 s later.
* ``apiserver``: kube-apiserver is stopped, and started again 15 s later.
* ``provider``: the provider answers 503 for 15 s.
* ``watch-410``: for 20 s every watch of our kinds is answered 410, those that are open by an ERROR event; lists work.
* ``watch-403``: for 20 s every watch and every list of our kinds is answered 403; watches that are open are cut.

The times are those for tokens of 60 s or longer; shorter tokens get shorter faults. While watches fail, one session is
created and another deleted. At the end nothing secret may be found in logs, events, statuses, metadata and metrics.
"""

"""One real node on this machine, with real pods: for `make e2e`, and to try things by hand.

Public here, and nothing else is:

* `choose(environment)`: the cluster that `CLUSTER` names: `node` (the default), `kind` or `existing`.
* `Cluster`: what can be done with any of them: `up`, `down`, `kubeconfig`, `load`.
* `ClusterError`: what all of them raise, with what to do.

`python -m hack.cluster --help` says what it does on the command line.
"""

from .kinds import Cluster, choose
from .place import ClusterError

__all__ = ["Cluster", "ClusterError", "choose"]

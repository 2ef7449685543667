"""A real Kubernetes control plane in a temporary folder, and the tools that go with it.

Public here, and nothing else is:

* `control_plane(controllers=, definitions=)`: a context manager that runs etcd and kube-apiserver (and the
  controllers); gives a `ControlPlane`. Raises `ControlPlaneError`.
* `tool_path(name)`: the path of etcd, kube-apiserver, kubectl, helm, …; built once for each user and version.
  Raises `BuildError` and `GoMissingError`.
* `spawn(argv, log_file=)` and `end(process)`: child processes that die with this one, however it dies.
* `end_with_parent()`: this process ends when the one that started it dies.
* `sweep()`: removes what runs that were killed have left; every start does it.

`python -m hack.controlplane --help` says what it does on the command line.
"""

from .builds import BuildError
from .golang import GoMissingError
from .lookup import tool_path
from .plane import ControlPlane, ControlPlaneError, control_plane
from .processes import end, end_with_parent, spawn
from .run_folders import runs_root, sweep

__all__ = [
    "BuildError",
    "ControlPlane",
    "ControlPlaneError",
    "GoMissingError",
    "control_plane",
    "end",
    "end_with_parent",
    "runs_root",
    "spawn",
    "sweep",
    "tool_path",
]

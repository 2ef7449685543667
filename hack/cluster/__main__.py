"""A cluster with one real node: `make cluster-up`, `make cluster-down`. up, down and load print one line of JSON last.

CLUSTER is node (the default: containerd and Kubernetes in namespaces of this machine; root, Debian), kind (where there
is Docker) or existing (the one of KUBECONFIG). CLUSTER_NAME tells several nodes apart; default: dev.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path

from hack.controlplane import BuildError, ControlPlaneError, GoMissingError, end_with_parent, tool_path
from hack.controlplane.interruption import unwind

from . import Cluster, ClusterError, choose

INTERRUPTED = 130  # what a shell says of a program that Ctrl-C ended


def main() -> int:
    """Do what the arguments say and give the exit code."""
    arguments = _parser().parse_args()
    signal.signal(signal.SIGTERM, unwind)
    end_with_parent()
    try:
        cluster = choose(os.environ)
        if arguments.command == "path":
            print(cluster.kubeconfig)
            return 0
        began = time.monotonic()
        figures = _do(arguments, cluster)
    except (BuildError, ClusterError, ControlPlaneError, GoMissingError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    print(json.dumps({"cluster": cluster.kind} | figures | {"seconds": round(time.monotonic() - began, 1)}))
    return 0


def _do(arguments: argparse.Namespace, cluster: Cluster) -> dict[str, object]:
    if arguments.command == "down":
        return {"removed": cluster.down()}
    if arguments.command == "load":
        return {"archive": str(arguments.archive), "loaded": cluster.load(arguments.archive)}
    started = cluster.up()
    sys.stderr.write(f"Try:\n  export KUBECONFIG={cluster.kubeconfig}\n  {tool_path('kubectl')} get nodes\n")
    return {"kubeconfig": str(cluster.kubeconfig), "started": started}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m hack.cluster",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("up", help="bring it up; one that is up stays as it is")
    commands.add_parser("down", help="take it down, with all that one that was killed has left")
    commands.add_parser("path", help="print the path of the administrator's kubeconfig")
    load = commands.add_parser("load", help="have the nodes hold the images of an archive")
    load.add_argument(
        "archive", type=_archive, metavar="IMAGE.tar", help="as `docker save` or `make image` write it"
    )
    return parser


def _archive(path: str) -> Path:
    if not Path(path).is_file():
        raise argparse.ArgumentTypeError(f"there is no file {path}; make image writes one")
    return Path(path)


if __name__ == "__main__":
    sys.exit(main())

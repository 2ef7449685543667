"""`make e2e`: builds the image, brings up a cluster with a real node, and sees that all of it works. The last line is JSON.

SUITE is install (the default): chart, upgrades, a pod that reads a rotated token; or delivery: many pods, of which none may
read an expired token, for MINUTES (default 15).
CLUSTER is node (the default), kind or existing, with KUBECONFIG and an IMAGE that its nodes can fetch. A node or kind
cluster is the run's own (CLUSTER_NAME, default e2e) and is taken down at the end.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from hack.cluster import Cluster, ClusterError, choose
from hack.controlplane import BuildError, ControlPlaneError, GoMissingError, end_with_parent
from hack.controlplane.interruption import signals_held, unwind

from . import delivery
from .commands import Commands, StepFailed
from .diagnosis import diagnosis
from .figures import Figures
from .release import ROOT
from .scenario import Scenario

NAME: Final = "e2e"
IMAGE: Final = "realtime-operator:dev"
SUITES: Final = ("install", "delivery")
AnyFigures = Figures | delivery.Figures
INTERRUPTED: Final = 130  # what a shell says of a program that Ctrl-C ended
NOT_STARTED: Final = (BuildError, ClusterError, ControlPlaneError, GoMissingError, StepFailed)


def main() -> int:
    """Run, and give the exit code: 0 if everything holds."""
    signal.signal(signal.SIGTERM, unwind)
    end_with_parent()
    began = time.monotonic()
    try:
        cluster = choose({"CLUSTER_NAME": NAME} | os.environ)
        figures = _figures(cluster.kind)
        complaints = _on(cluster, figures)
    except NOT_STARTED as error:
        sys.stderr.write(f"e2e: {error}\n")
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    figures.seconds = time.monotonic() - began
    sys.stderr.writelines(f"e2e: {complaint}\n" for complaint in complaints)
    print(figures.line(), flush=True)
    return 1 if complaints else 0


def _figures(kind: str) -> AnyFigures:
    """Give the empty figures of the suite that is asked for."""
    suite = os.environ.get("SUITE") or SUITES[0]
    if suite not in SUITES:
        raise StepFailed(f"SUITE={suite}: there are {', '.join(SUITES)}")
    if suite == SUITES[0]:
        return Figures(kind)
    minutes = os.environ.get("MINUTES") or str(delivery.FULL_MINUTES)
    try:
        return delivery.Figures(kind, minutes=float(minutes))
    except ValueError:
        raise StepFailed(f"MINUTES={minutes} is no number") from None


def _on(cluster: Cluster, figures: AnyFigures) -> list[str]:
    """Run on a cluster, and give what does not hold."""
    image = os.environ.get("IMAGE") or IMAGE
    is_own = cluster.kind != "existing"
    if not is_own and not os.environ.get("IMAGE"):
        raise ClusterError("CLUSTER=existing needs IMAGE: one that its nodes can fetch, with its tag")
    archive = _build(image, figures) if is_own else None
    if is_own:
        cluster.down()  # what a run that was killed has left
    complaints = []
    try:
        cluster.up()
        if archive is not None:
            cluster.load(archive)
        complaints = _play(cluster, figures, image, is_own=is_own)
    finally:
        if is_own:
            complaints += _take_down(cluster)
    return complaints


def _take_down(cluster: Cluster) -> list[str]:
    """Take it down; that it does not go is told beside whatever else was found."""
    with signals_held():
        try:
            cluster.down()
        except ClusterError as error:
            return [str(error)]
    return []


def _play(cluster: Cluster, figures: AnyFigures, image: str, *, is_own: bool) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="realtime-operator-e2e-") as folder:
        commands = Commands(cluster.kubeconfig, Path(folder))
        scenario = _scenario(commands, figures, image, Path(folder))
        try:
            scenario.play()
        except StepFailed as error:
            sys.stderr.write(diagnosis(commands))
            return [str(error)]
        finally:
            if not is_own:
                with signals_held():
                    scenario.clear()
        return figures.complaints()


def _scenario(
    commands: Commands, figures: AnyFigures, image: str, folder: Path
) -> Scenario | delivery.Scenario:
    if isinstance(figures, Figures):
        return Scenario(commands, figures, image=image, folder=folder)
    return delivery.Scenario(commands, figures, image=image)


def _build(image: str, figures: AnyFigures) -> Path:
    command = [sys.executable, "-m", "hack.image", "build", "--image", image]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise StepFailed("the image could not be built")
    built = json.loads(done.stdout.splitlines()[-1])
    figures.image_mb = built["image_mb"]
    return ROOT / str(built["archive"])


if __name__ == "__main__":
    sys.exit(main())

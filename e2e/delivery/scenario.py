"""What is done, in order. All pods read from their first token until their group is counted."""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from e2e import stage
from e2e.commands import wait_for
from e2e.release import CHART

from . import crowd, faults, sidecars
from .figures import FULL_MINUTES
from .groups import KUBELET, NAMESPACE, Group, program_document, reader_pod, readers_of
from .hotel import Hotel
from .readings import delays, quantile, totals
from .told import Watching

if TYPE_CHECKING:
    from e2e.commands import Commands
    from e2e.release import Release

    from .figures import Figures

TOLD: Final = Group("told", sessions=4, pods=5, lifetime=60)
UNTOLD: Final = Group("untold", sessions=1, pods=5, lifetime=60, selected=False)
KUBELET_SHORT: Final = Group("kubelet-short", sessions=1, pods=3, lifetime=60, propagation=KUBELET)
KEPT: Final = Group("kubelet-kept", sessions=1, pods=5, lifetime=200, propagation=KUBELET)
KEPT_BRIEFLY: Final = replace(KEPT, lifetime=120)  # in a short run the first token has to expire, too
TRIED: Final = Group("tried", sessions=2, pods=3, lifetime=120)

ON: Final = ("--set=podAnnotation.enabled=true",)
OFF: Final = "--set=podAnnotation.enabled=false"
STARTERS: Final = "role=started"
STARTED, CROWD = 50, 300
"""Pods of a full run; a shorter one takes fewer, but never less than a fifth."""

OFFSETS: Final = (-20.0, -10.0, -5.0, -1.0, 2.0)
"""Seconds from a rotation at which a part of the pods is made. Each takes a second to start, and twenty on a machine that is busy."""

SAYS_SECONDS: Final = 60.0
DOWN_SECONDS: Final = 25.0
BEFORE_SECONDS: Final = 3.0  # the provider goes so long before a rotation is due
SETTLED_SECONDS: Final = 6.0  # then what was rotated is in the files, and counted
CATCH_UP: Final = 1.5  # a slow machine may take so many times the minutes to read as often as it must
LOG_SECONDS: Final = 6.0  # a pod says its counts every 5 s


class Scenario:
    """One run on one cluster."""

    def __init__(self, commands: Commands, figures: Figures, *, image: str) -> None:
        """Take the administrator's commands, where figures are written, and the image of operator, provider and pods."""
        self._commands = commands
        self._figures = figures
        self._image = image
        share = min(1.0, max(0.2, figures.minutes / FULL_MINUTES))
        self._started, self._crowd = int(STARTED * share), int(CROWD * share)
        self._hotel = Hotel(commands)
        self._is_full = figures.minutes >= FULL_MINUTES / 3
        self._kept = KEPT if self._is_full else KEPT_BRIEFLY

    def play(self) -> None:
        """Do all of it.

        Raises:
            StepFailed: something does not hold that the rest builds on.
        """
        _say("starting the stand-in provider, and installing the chart")
        release = stage.set_up(self._commands, image=self._image, namespaces=(NAMESPACE,), values=ON)
        release.install()
        self._hotel.apply([program_document()])
        self._tell_a_crowd()
        ours = "app.kubernetes.io/managed-by=realtime-operator"
        with Watching(self._commands, "secrets", NAMESPACE, ours) as secrets, ThreadPoolExecutor(1) as beside:
            # A short run has no time to lose; a full one has nothing beside what is measured.
            sidecars = None if self._is_full else beside.submit(self._try_sidecars)
            began = self._begin(TOLD, UNTOLD, KUBELET_SHORT, self._kept)
            if self._is_full:
                self._begin(TRIED)
            self._start_across_a_rotation()
            self._try_sidecars() if sidecars is None else sidecars.result()
            self._read(began, secrets)
            self._go_wrong()
            self._switch_off(release)
            self._count_kubelet()

    def clear(self) -> None:
        """Remove what the run made, from a cluster that stays."""
        stage.clear(self._commands, (NAMESPACE,))

    def _tell_a_crowd(self) -> None:
        _say(f"rotating for {self._crowd} pods of one session")
        found = crowd.play(self._commands, self._crowd)
        figures = self._figures
        figures.crowd_pods, figures.crowd_s, figures.crowd_writes = found.pods, found.seconds, found.writes

    def _begin(self, *groups: Group) -> float:
        """Apply these, wait until every pod has read a token, and give when that was."""
        _say(f"starting the pods of {', '.join(group.name for group in groups)}")
        self._hotel.apply([document for group in groups for document in group.documents(self._image)])
        for group in groups:
            self._hotel.wait_until_reading(readers_of(group), group.sessions * group.pods)
        return time.time()

    def _read(self, began: float, secrets: Watching) -> None:
        """Let the pods read for the minutes wanted, and on until they have read as often as they must."""
        figures = self._figures
        _say(f"reading for {figures.minutes:g} minutes")
        until = began + 60 * figures.minutes
        _sleep_until(until + LOG_SECONDS)
        latest = began + 60 * figures.minutes * CATCH_UP
        while (
            totals(found := self._hotel.readings(readers_of(TOLD))).reads < figures.reads_wanted
            and time.time() < latest
        ):
            time.sleep(LOG_SECONDS)
        counted = totals(found)
        figures.reads, figures.expired_reads = counted.reads, counted.expired
        figures.count_failed(counted.failed)
        seconds = delays(found, secrets.told(), since=began, until=time.time())
        figures.arrivals = len(seconds)
        figures.load_per_core = os.getloadavg()[1] / (os.cpu_count() or 1)  # of the last five minutes
        figures.secret_to_file_p50_s = quantile(seconds, 0.5)
        figures.secret_to_file_p99_s = quantile(seconds, 0.99)
        untold = totals(self._hotel.readings(readers_of(UNTOLD)))
        figures.untold_reads, figures.untold_expired_reads = untold.reads, untold.expired
        for session in TOLD.session_names():
            figures.pods_status.append(self._hotel.pods_status(session))
            if (delivered := self._hotel.delivered(session)).startswith("False"):
                figures.undelivered.append(f"{session}: {delivered}")
        figures.kubelet_short_says = self._hotel.delivered(KUBELET_SHORT.session_names()[0])

    def _start_across_a_rotation(self) -> None:
        """Make pods shortly before a rotation, so that some start before it and some after."""
        session, standing = self._hotel.next_rotation(TOLD, ahead=1 - OFFSETS[0])
        pods = [
            reader_pod(f"{session}-{100 + number}", session, self._image, role="started")
            for number in range(self._started)
        ]
        if not self._is_full:
            # Their first rotation, 74 to 80 s from now, is what goes wrong next: a short run must neither miss it nor wait for the second.
            self._hotel.apply(TRIED.documents(self._image))
        _say(f"starting {self._started} pods across a rotation")
        for number, offset in enumerate(OFFSETS):
            _sleep_until(standing.rotation_time + offset)
            self._hotel.apply(pods[number :: len(OFFSETS)])
        self._hotel.wait_until_reading(STARTERS, self._started)
        self._hotel.wait_until_reading(readers_of(TRIED), TRIED.sessions * TRIED.pods)
        time.sleep(SETTLED_SECONDS + LOG_SECONDS)
        found = self._hotel.readings(STARTERS)
        figures, counted = self._figures, totals(found)
        figures.started, figures.started_expired_reads = len(found), counted.expired
        figures.started_after = sum(standing.token_id not in one.seen.token_ids for one in found)
        figures.count_failed(counted.failed)
        self._hotel.remove_pods(STARTERS)

    def _try_sidecars(self) -> None:
        _say("rotating for the sidecars of examples/")
        found, figures = sidecars.play(self._commands, self._image), self._figures
        figures.sidecar_starts, figures.sidecar_restarts = found.starts, found.restarts
        figures.reporter_confirmed = found.confirmed

    def _go_wrong(self) -> None:
        """Take the provider away, kill the operator; in a full run one by one, and together."""
        before = sum(len(one.seen.token_ids) for one in self._hotel.readings(readers_of(TRIED)))
        rounds = ("down", "killed", "down and killed") if self._is_full else ("down and killed",)
        restarts = 0
        for what in rounds:
            _, standing = self._hotel.next_rotation(TRIED, ahead=1 + BEFORE_SECONDS)
            _say(f"with tokens of {TRIED.lifetime} s, in the middle of a rotation: {what}")
            _sleep_until(standing.rotation_time - BEFORE_SECONDS)
            began = time.time()
            if "down" in what:
                faults.take_provider_down(self._commands, DOWN_SECONDS)
                time.sleep(DOWN_SECONDS / 2)
            if "killed" in what:
                faults.kill_operator(self._commands)
                restarts += 1
                faults.wait_until_back(self._commands, restarts)
            _sleep_until(began + DOWN_SECONDS)
            self._hotel.wait_until_rotated(TRIED, standing.rotation_time)
            self._figures.faults.append(what)
        time.sleep(SETTLED_SECONDS + LOG_SECONDS)
        counted = totals(found := self._hotel.readings(readers_of(TRIED)))
        figures = self._figures
        figures.fault_reads, figures.fault_expired_reads = counted.reads, counted.expired
        figures.count_failed(counted.failed)
        figures.fault_rotations = sum(len(one.seen.token_ids) for one in found) - before
        figures.restarts = restarts

    def _switch_off(self, release: Release) -> None:
        """Switch notification off: the sessions say so, and their pods read what has expired."""
        _say("switching the feature off")
        before = totals(self._hotel.readings(readers_of(TOLD))).expired
        release.upgrade(CHART, OFF)
        session = TOLD.session_names()[0]

        def says() -> str | None:
            delivered = self._hotel.delivered(session)
            return delivered if delivered.startswith("False") else None

        self._figures.off_says = wait_for("Delivered False with the feature off", says, seconds=SAYS_SECONDS)
        self._figures.off_seconds = 60 * self._figures.minutes / 5 if self._is_full else 0.0
        time.sleep(self._figures.off_seconds)
        self._figures.off_expired_reads = totals(self._hotel.readings(readers_of(TOLD))).expired - before

    def _count_kubelet(self) -> None:
        figures = self._figures
        short = totals(self._hotel.readings(readers_of(KUBELET_SHORT)))
        kept = totals(self._hotel.readings(readers_of(self._kept)))
        figures.kubelet_short_expired_share = short.expired / max(1, short.reads)
        figures.kubelet_kept_lifetime = self._kept.lifetime
        figures.kubelet_kept_reads, figures.kubelet_kept_expired_reads = kept.reads, kept.expired
        figures.count_failed(short.failed + kept.failed)


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.time()))


def _say(what: str) -> None:
    sys.stderr.write(f"e2e: {time.strftime('%H:%M:%S')} {what}\n")
    sys.stderr.flush()

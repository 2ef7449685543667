"""What is done to the operator, in order. The consumer's pod reads its file from its first token to the end."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import yaml

from . import inventory, sessions, stage
from .commands import StepFailed, wait_for
from .manifests import privileged_pod
from .pod import NAME as CONSUMER
from .pod import ConsumerPod
from .release import CHART, NAMESPACE, Release, definitions, older_chart, schemas

if TYPE_CHECKING:
    from .commands import Commands
    from .figures import Figures

CONSUMERS, EXAMPLES = "e2e-consumer", "e2e-examples"
LIFETIME: Final = 240
"""Seconds of the consumer's tokens: the rule keeps the 90 s that a kubelet may take, and rotates every 89 to 101 s, so that
no token is replaced before it is in the file."""

FILE_SECONDS: Final = 100.0  # a file follows its Secret after 80 s at worst
DUE_SECONDS: Final = LIFETIME  # by then a rotation that nobody asked for has come and is in the file
CRD_SECONDS: Final = 30.0
GONE_SECONDS: Final = 60.0


class Scenario:
    """One run on one cluster."""

    def __init__(self, commands: Commands, figures: Figures, *, image: str, folder: Path) -> None:
        """Take the administrator's commands, where figures are written, the image and a folder for the older chart."""
        self._commands = commands
        self._figures = figures
        self._image = image
        self._folder = folder
        self._definitions = definitions(CHART)
        self._pod = ConsumerPod(commands, namespace=CONSUMERS, image=image, lifetime=LIFETIME)

    def play(self) -> None:
        """Do all of it.

        Raises:
            StepFailed: something does not hold that the rest builds on.
        """
        release = self._set_up()
        before = inventory.take(self._commands)
        _say("installing the chart")
        self._figures.install_s = release.install()
        release.test()
        self._sessions()
        self._rotate()
        self._change_by_hand(release)
        self._upgrade(release)
        self._wait_for_a_due_rotation()
        self._figures.memory_mib = release.memory_mib()
        self._count()
        self._end(release, before)

    def _set_up(self) -> Release:
        _say("starting the stand-in provider")
        release = stage.set_up(self._commands, image=self._image, namespaces=(CONSUMERS, EXAMPLES))
        self._see_that_pods_are_restricted()
        return release

    def _see_that_pods_are_restricted(self) -> None:
        pod = yaml.safe_dump(privileged_pod(self._image))
        try:
            self._commands.kubectl(
                "create", "--filename=-", f"--namespace={NAMESPACE}", "--dry-run=server", stdin=pod
            )
        except StepFailed as error:
            if "violates PodSecurity" in str(error):
                return
            raise
        raise StepFailed(f"namespace {NAMESPACE} takes privileged pods: its restriction is not enforced")

    def _sessions(self) -> None:
        _say("applying a session and the pod that reads its token")
        began = time.monotonic()
        self._pod.apply()
        first = self._pod.wait_for_first()
        self._figures.apply_to_file_s = time.monotonic() - began
        shown = sessions.standings(self._commands, CONSUMERS)[CONSUMER].token_id
        if first.token_ids != [shown]:
            raise StepFailed(f"the pod reads token {first.token_ids}, the session shows {shown}")
        _say("applying examples/")
        self._figures.examples = sessions.apply_examples(self._commands, EXAMPLES)

    def _rotate(self) -> None:
        _say("rotating")
        before, began = self._pod.seen(), time.monotonic()
        sessions.rotate(self._commands, CONSUMERS, CONSUMER)
        self._pod.wait_for_another(before, seconds=FILE_SECONDS)
        self._figures.rotate_to_file_s.append(round(time.monotonic() - began, 1))

    def _change_by_hand(self, release: Release) -> None:
        shown = self._standings()
        _say("changing a value, and rolling back")
        release.upgrade(CHART, "--set=log.level=debug")
        release.roll_back()
        self._see_none_undue(shown)

    def _upgrade(self, release: Release) -> None:
        """Come from the older chart, if there is one: it is installed anew, so what an uninstall leaves is kept, too."""
        sessions.rotate(
            self._commands, CONSUMERS, CONSUMER
        )  # a token that outlives the time without an operator
        shown = self._standings()
        _say("uninstalling, with the sessions left")
        release.uninstall()
        older = older_chart(self._folder)
        if older is None:
            _say("reinstalling; there is no older chart to upgrade from")
            release.install()
        else:
            chart, self._figures.upgraded_from = older
            _say(f"installing the chart of {older[1][:12]}, upgrading, rolling back, upgrading again")
            release.install(chart)
            self._see_definitions_of(chart)
            release.upgrade()
            self._see_definitions_of(CHART)
            release.roll_back()
            self._see_definitions_of(chart)
            release.upgrade()
            self._see_definitions_of(CHART)
        self._see_none_undue(shown)

    def _wait_for_a_due_rotation(self) -> None:
        _say("waiting for a rotation that nobody asks for")
        shown = sessions.standings(self._commands, CONSUMERS)[CONSUMER]
        before = self._pod.seen()

        def is_rotated() -> bool:
            return sessions.standings(self._commands, CONSUMERS)[CONSUMER].token_id != shown.token_id

        wait_for("a rotation that is due", is_rotated, seconds=DUE_SECONDS)
        self._pod.wait_for_another(before, seconds=FILE_SECONDS)

    def _count(self) -> None:
        seen, figures = self._pod.seen(), self._figures
        figures.rotations = len(seen.token_ids) - 1
        figures.reads, figures.expired_reads = seen.reads, seen.expired_reads
        figures.failed_reads = seen.failed_reads
        figures.restarts = self._pod.restarts()

    def _end(self, release: Release, before: set[inventory.Identity]) -> None:
        _say("deleting the sessions, and uninstalling")
        self._figures.secrets_gone_s = sessions.delete_all(self._commands, [CONSUMERS, EXAMPLES])
        release.uninstall()
        for name in (CONSUMERS, EXAMPLES):  # of this run, not of the chart
            self._commands.kubectl("delete", "namespace", name, "--wait=true")

        def left() -> list[str]:
            return inventory.left_over(before, inventory.take(self._commands), definitions=self._definitions)

        try:
            wait_for("nothing left", lambda: not left(), seconds=GONE_SECONDS)
        except StepFailed:
            self._figures.left_over = left()

    def clear(self) -> None:
        """Remove what the run made, from a cluster that stays."""
        stage.clear(self._commands, (CONSUMERS, EXAMPLES))

    def _standings(self) -> dict[str, sessions.Standing]:
        return sessions.standings(self._commands, EXAMPLES)

    def _see_none_undue(self, shown: dict[str, sessions.Standing]) -> None:
        self._figures.undue += sessions.undue(shown, self._standings(), now=time.time())

    def _see_definitions_of(self, chart: Path) -> None:
        wanted = schemas(definitions(chart))

        def is_so() -> bool:
            return schemas(self._commands.get("crd", *wanted)["items"]) == wanted

        wait_for(f"the CustomResourceDefinitions of {chart}", is_so, seconds=CRD_SECONDS)


def _say(what: str) -> None:
    sys.stderr.write(f"e2e: {what}\n")
    sys.stderr.flush()

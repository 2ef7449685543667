"""The crash table: the process ends at every arrow of a session's path, and what the next start pays is counted at the provider.

``kill -9`` at any moment, seen by the observer, is in ``test_process.py``; a write that the API server does not take, without a crash,
in ``test_outage.py``; SIGTERM in virtual time in ``tests/engine/test_dispatcher.py``. docs/reliability.md has the table.
"""

from __future__ import annotations

import json
import signal
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import kubernetes
import pytest

from demo.provider.actions import Respond
from demo.provider.ledger import hash_of
from tests.integration.stage import PROVIDERS, ROTATE, SESSIONS, VERSION, Stage, condition_of
from tests.integration.witness import observing
from tests.support.crashing_operator import FUSE, Arrow, Fuse
from tests.support.operator import DEADLINE, GROUP, OperatorProcess, operator_process, wait_for
from tests.support.provider import running_provider

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hack.controlplane import ControlPlane

pytest_plugins = ["tests.support.fixtures", "tests.support.provider_fixtures"]
pytestmark = pytest.mark.controlplane

SHORT = 16
"""Seconds that a token lives which is to be rotated soon, or to expire soon."""

LATENCY = 4.0
"""Seconds of a mint that is still under way when the process is told to end."""

GRACE = 20.0
"""Seconds that it is given to write it, far more than it takes."""

WISH = "please"
REPEATS = 3


class Way(StrEnum):
    """What the process was about when it ended."""

    FIRST_MINT = "first-mint"
    ROTATION = "rotation"
    ASKED = "asked-rotation"


COST = {Arrow.BEFORE_MINT: 1, Arrow.AFTER_MINT: 2, Arrow.AFTER_SECRET: 1, Arrow.AFTER_STATUS: 1}
"""Mints in all for one new token; at `MID_SECRET` it depends on whether the write happened."""


class Scene:
    """A stage, and operators on it that end themselves, or do not.

    Attributes:
        stage: with a session `concierge`, about to be crashed on.
        fuse: of the operators that end themselves.
    """

    def __init__(self, stage: Stage, kubeconfig: Path, folder: Path) -> None:
        self.stage, self.fuse = stage, Fuse(folder / "fuse")
        self._kubeconfig, self._folder, self._started = kubeconfig, folder, 0

    @contextmanager
    def plain(self) -> Iterator[OperatorProcess]:
        """The product as it is; ends in order."""
        with self._process("realtime_operator") as running:
            yield running
            assert running.process.poll() is not None or running.terminate()[0] == 0

    @contextmanager
    def doomed(self, *, until_ready: bool = True) -> Iterator[OperatorProcess]:
        """The operator that ends itself once the fuse is lit."""
        with self._process("tests.support.crashing_operator", until_ready=until_ready) as running:
            yield running

    def light(self, arrow: Arrow) -> None:
        """Have it end at this arrow of the session's next token."""
        self.fuse.light(arrow, self.stage.namespace, "concierge")

    def died(self, doomed: OperatorProcess) -> None:
        """Wait until it has ended itself."""
        assert doomed.process.wait(DEADLINE) == -signal.SIGKILL, doomed.log_text()
        assert not self.fuse.is_lit(), "somebody else killed it"

    def whole(self) -> dict[str, str]:
        """The entries of the Secret, which belong together and live; empty where there is none."""
        entries = self.stage.entries("concierge")
        if entries:
            notes = self.stage.secret("concierge").metadata.annotations
            assert json.loads(entries["realtime.json"]) == {
                key: value for key, value in entries.items() if key != "realtime.json"
            }
            assert notes[f"{GROUP}/expires-at"] == entries["expires-at"]
            expires = {mint.token_sha256: mint.expires_at for mint in self.stage.mints("concierge")}
            at = expires[hash_of(entries["token"])]
            assert at == datetime.fromisoformat(entries["expires-at"]).timestamp()
            assert at > self.stage.provider.now()
        return entries

    def complete(self) -> dict[str, Any] | None:
        """The status, once it tells all that there is to tell of the token in the Secret."""
        document, secret = self.stage.get("concierge"), self.stage.secret("concierge")
        status: dict[str, Any] = document.get("status") or {}
        if secret is None or condition_of(document, "Ready", "True", "Issued") is None:
            return None
        notes = secret.metadata.annotations
        told = {
            "observedGeneration": document["metadata"]["generation"],
            "secretRef": {"name": "concierge", "uid": secret.metadata.uid},
            "tokenID": notes[f"{GROUP}/token-id"],
            "issuedTime": notes[f"{GROUP}/issued-at"],
            "expirationTime": notes[f"{GROUP}/expires-at"],
            "failures": {"count": 0, "lastReason": ""},
        }
        wish = document["metadata"].get("annotations", {}).get(ROTATE)
        if wish is not None:
            told["lastHandledRotate"] = wish
        known = told.items() <= status.items() if "rotationTime" in status else False
        others = ("Stalled", "Reconciling")
        return status if known and not any(it["type"] in others for it in status["conditions"]) else None

    def settled(self) -> dict[str, Any]:
        """Wait until status is complete and the operator has compared the Secret once more; give the status."""
        wait_for(self.complete, "a complete status")
        self.stage.looked_at("concierge")
        return wait_for(self.complete, "a complete status again")

    @contextmanager
    def _process(self, module: str, *, until_ready: bool = True) -> Iterator[OperatorProcess]:
        self._started += 1
        log_file = self._folder / f"{self._started}.log"
        with operator_process(
            self._kubeconfig,
            log_file,
            *("--namespaces", self.stage.namespace),
            *("--grace-seconds", f"{GRACE:g}"),
            module=module,
            environment={FUSE: str(self.fuse.file)},
            until_ready=until_ready,
        ) as running:
            yield running


@pytest.fixture
def scene(stage: Stage, operator_kubeconfig: Path, tmp_path: Path) -> Scene:
    """The test's own."""
    stage.ready_to_mint()
    return Scene(stage, operator_kubeconfig, tmp_path)


def crashed(scene: Scene, arrow: Arrow, way: Way) -> str:
    """Have the operator end at an arrow; give the token that the Secret held before, or nothing."""
    stage, before = scene.stage, ""
    stage.add("bystander")
    with scene.doomed() as doomed:
        stage.ready("bystander")
        if way is Way.FIRST_MINT:
            scene.light(arrow)
            stage.add("concierge")
        else:
            stage.provider.set(lifetime=SHORT if way is Way.ROTATION else None)
            stage.add("concierge")
            stage.ready("concierge")
            before = stage.entries("concierge")["token"]
            scene.light(arrow)
            stage.provider.set(lifetime=None)
            assert len(stage.mints("concierge")) == 1, "it was rotated before the fuse was lit"
            if way is Way.ASKED:
                stage.annotate("concierge", {ROTATE: WISH})
        scene.died(doomed)
    return before


@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize("arrow", COST)
def test_an_end_at_an_arrow_costs_what_the_table_says(scene: Scene, arrow: Arrow, way: Way) -> None:
    """Only a token that never reached its Secret is minted again; the Secret is whole, and status and counts are as without a crash."""
    stage, is_first = scene.stage, way is Way.FIRST_MINT
    before = crashed(scene, arrow, way)
    mints, left = stage.mints("concierge"), scene.whole()
    assert len(mints) == (not is_first) + (arrow is not Arrow.BEFORE_MINT)
    if arrow in {Arrow.AFTER_SECRET, Arrow.AFTER_STATUS}:
        assert hash_of(left["token"]) == mints[-1].token_sha256
        assert (scene.complete() is not None) == (arrow is Arrow.AFTER_STATUS)
    else:
        assert left.get("token", "") == before

    with scene.plain():
        status = scene.settled()
        after = scene.whole()
    mints = stage.mints("concierge")
    assert len(mints) == (not is_first) + COST[arrow]
    assert hash_of(after["token"]) == mints[-1].token_sha256
    assert after.get("previous-token", "") == before
    assert status["rotations"] == (not is_first)
    assert len(stage.mints("bystander")) == 1


@pytest.mark.parametrize("way", Way)
def test_an_end_while_the_secret_is_written_costs_a_mint_only_if_the_write_was_lost(
    scene: Scene, way: Way
) -> None:
    """Whether the API server carried the write out or not, the next start finds out, and mints only if not."""
    stage, is_first = scene.stage, way is Way.FIRST_MINT
    before = crashed(scene, Arrow.MID_SECRET, way)
    mints, left = stage.mints("concierge"), scene.whole()
    assert len(mints) == (not is_first) + 1
    sent = mints[-1].token_sha256
    had_arrived = hash_of(left.get("token", "")) == sent

    with scene.plain():
        status = scene.settled()
        after = scene.whole()
    mints = stage.mints("concierge")
    was_kept = hash_of(after["token"]) == sent
    assert was_kept or not had_arrived
    assert len(mints) == (not is_first) + (1 if was_kept else 2)
    assert hash_of(after["token"]) == mints[-1].token_sha256
    assert after.get("previous-token", "") == before
    assert status["rotations"] == (not is_first)
    assert len(stage.mints("bystander")) == 1


def test_a_crash_loop_costs_one_mint_each_time(
    control_plane: ControlPlane, scene: Scene, tmp_path: Path
) -> None:
    """An operator that dies after every mint leaves one orphan each time; the token that readers have is never harmed."""
    stage = scene.stage
    with running_provider() as provider:
        stage.provider = provider
        stage.change("default", {"spec": {"baseURL": provider.url}}, plural=PROVIDERS)
        log_file = tmp_path / "observer.log"
        with observing(control_plane.kubeconfig, stage.namespace, provider.url, log_file) as witness:
            with scene.plain():
                stage.add("concierge")
                stage.ready("concierge")
            token = stage.entries("concierge")["token"]
            stage.annotate("concierge", {ROTATE: WISH})
            for count in range(1, REPEATS + 1):
                scene.light(Arrow.AFTER_MINT)
                with scene.doomed(until_ready=False) as doomed:
                    scene.died(doomed)
                assert len(stage.mints("concierge")) == 1 + count
                assert scene.whole()["token"] == token
            with scene.plain():
                assert scene.settled()["rotations"] == 1
                assert scene.whole()["previous-token"] == token
            wait_for(
                lambda: witness.figures()["orphan_mints"] >= REPEATS,
                "it is late for the orphans to reach a Secret",
            )
            figures = witness.end()
        assert len(stage.mints("concierge")) == 1 + REPEATS + 1
        assert (figures["orphan_mints"], figures["rotations"]) == (REPEATS, 1)
        assert figures["torn"] == figures["missing_seconds"] == figures["expired_seconds"] == 0
        assert figures["undue_mints"] == 0
        stage.clear()


def test_an_operator_that_was_down_for_longer_than_a_token_lives_says_so_and_mints_once(scene: Scene) -> None:
    """While the provider does not answer either, status says Expired; when it does, one mint makes it Ready."""
    stage = scene.stage
    stage.provider.set(lifetime=SHORT)
    with scene.plain():
        stage.add("concierge")
        stage.ready("concierge")
    (mint,) = stage.mints("concierge")
    stage.provider.set(lifetime=None)
    wait_for(lambda: stage.provider.now() > mint.expires_at, "the token expires", within=SHORT + DEADLINE)
    assert condition_of(stage.get("concierge"), "Ready", "True"), "nobody is there to say so"
    stage.provider.fault(Respond(status=503))
    with scene.plain() as second:
        message = stage.condition("concierge", "Ready", "False", "Expired")["message"]
        wait_for(
            lambda: stage.status("concierge")["failures"]["lastReason"] == "ProviderUnavailable",
            "it has asked in vain",
        )
        stage.provider.clear_faults()
        status = scene.settled()
        metrics = second.metrics()
    assert message.startswith("The token expired at ")
    assert 'realtime_operator_mints_total{outcome="success",reason="Expired"} 1.0' in metrics
    assert len(stage.mints("concierge")) == 2
    assert status["rotations"] == 1
    scene.whole()


def test_a_lost_status_costs_reads_and_no_mint(kube: kubernetes.client.ApiClient, scene: Scene) -> None:
    """Status is wiped while the operator is down: it comes back from the Secret; only the number of rotations begins anew."""
    stage = scene.stage
    with scene.plain():
        stage.add("concierge", annotations={ROTATE: WISH})
        before = stage.ready("concierge")
    held = scene.whole()
    api: Any = kubernetes.client.CustomObjectsApi(kube)
    api.patch_namespaced_custom_object_status(
        GROUP, VERSION, stage.namespace, SESSIONS, "concierge", {"status": None}
    )
    assert "tokenID" not in stage.status("concierge")
    with scene.plain():
        status = scene.settled()
    told = ("tokenID", "issuedTime", "expirationTime", "secretRef", "providerRef")
    assert {name: status[name] for name in told} == {name: before[name] for name in told}
    # Worked out anew, by a process that has not seen the provider's clock.
    moments = [datetime.fromisoformat(each["rotationTime"]) for each in (before, status)]
    assert abs((moments[1] - moments[0]).total_seconds()) <= 3
    assert status["lastHandledRotate"] == WISH
    assert scene.whole()["token"] == held["token"]
    assert len(stage.mints("concierge")) == len(stage.requests("concierge")) == 1


def test_sigterm_lets_a_mint_in_flight_end_and_be_written(scene: Scene) -> None:
    """A process that is told to end while the provider takes its time writes what comes, Secret and status, and then exits well."""
    stage = scene.stage
    with scene.plain() as process:
        stage.add("concierge")
        stage.ready("concierge")
        token = stage.entries("concierge")["token"]
        stage.provider.set(latency=LATENCY)
        stage.annotate("concierge", {ROTATE: WISH})
        wait_for(lambda: len(stage.requests("concierge")) == 2, "a mint is under way")
        assert len(stage.mints("concierge")) == 1
        assert process.terminate()[0] == 0
    assert len(stage.mints("concierge")) == 2
    entries, status = scene.whole(), scene.complete()
    assert entries["previous-token"] == token
    assert status is not None
    assert (status["rotations"], status["lastHandledRotate"]) == (1, WISH)

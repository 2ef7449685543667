"""What a provider's trouble looks like from outside, and how it ends."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from demo.provider.actions import ApiError, Respond
from tests.integration.stage import ROTATE
from tests.support.operator import wait_for

if TYPE_CHECKING:
    from tests.integration.stage import Stage

pytest_plugins = ["tests.support.fixtures", "tests.support.provider_fixtures"]
pytestmark = [pytest.mark.controlplane, pytest.mark.usefixtures("operator")]


def test_a_refused_session_waits_for_its_author(stage: Stage) -> None:
    """A 400 is asked once and no more; the message names the field of the spec; a changed spec is tried at once."""
    stage.ready_to_mint()
    stage.provider.set(refused_models={stage.model("refused"): "invalid_value"})
    stage.add("refused")
    message = stage.condition("refused", "Stalled", "True", "ProviderRejected")["message"]
    assert "400" in message
    assert "spec.session.model" in message
    stage.condition("refused", "Ready", "False", "ProviderRejected")
    assert "nextAttemptTime" not in stage.status("refused")["failures"]
    stage.annotate("refused", {"note": "no reason to try again"})
    stage.change("refused", {"spec": {"secret": {"labels": {"no": "reason"}}}})
    stage.add("later")
    stage.ready("later")
    assert {it.status for it in stage.requests("refused")} == {400}
    stage.change("refused", {"spec": {"session": {"model": stage.model("accepted")}}})
    stage.ready("refused")
    assert len(stage.mints("accepted")) == 1
    stage.told("refused", "ProviderRejected", "Issued")


def test_a_refused_change_keeps_the_token_that_lives(stage: Stage) -> None:
    """The token of the spec before stays in the Secret, and the message says until when it works."""
    stage.ready_to_mint()
    stage.provider.set(refused_models={"gpt-nowhere": "invalid_value"})
    stage.add("concierge")
    stage.ready("concierge")
    before = stage.entries("concierge")
    stage.change("concierge", {"spec": {"session": {"model": "gpt-nowhere"}}})
    stage.condition("concierge", "Stalled", "True", "ProviderRejected")
    status = stage.status("concierge")
    assert status["expirationTime"] == before["expires-at"]
    assert status["secretRef"]["uid"] == stage.secret("concierge").metadata.uid
    message = stage.condition("concierge", "Ready", "False", "ProviderRejected")["message"]
    assert f"works until {before['expires-at']}" in message
    assert stage.entries("concierge")["token"] == before["token"]


def test_a_throttled_mint_waits_as_long_as_it_is_told(stage: Stage) -> None:
    """After a 429 nothing is sent before its Retry-After has passed."""
    stage.ready_to_mint()
    error = ApiError(code="rate_limit_exceeded", type="requests")
    stage.provider.fault(Respond(status=429, error=error, retry_after=5), model=stage.model("slow"), times=1)
    stage.add("slow")
    message = stage.condition("slow", "Reconciling", "True", "Retrying")["message"]
    assert "429 rate_limit_exceeded" in message
    stage.ready("slow")
    first, second = stage.requests("slow")
    assert (first.status, second.status) == (429, 200)
    assert 5.0 <= second.at - first.at < 20.0


def test_an_outage_flips_rotation_healthy_and_not_ready(stage: Stage) -> None:
    """While the provider answers 503 the living token keeps the session Ready; then the rotation is made up for."""
    stage.ready_to_mint()
    stage.add("concierge")
    stage.ready("concierge")
    token = stage.entries("concierge")["token"]
    stage.provider.fault(Respond(status=503), model=stage.model("concierge"))
    stage.annotate("concierge", {ROTATE: "1"})
    message = stage.condition("concierge", "RotationHealthy", "False", "ProviderUnavailable")["message"]
    assert "503" in message
    stage.condition("concierge", "Ready", "True", "Issued")
    wait_for(lambda: len(stage.requests("concierge")) > 2, "it was asked twice in vain")
    assert stage.entries("concierge")["token"] == token
    stage.provider.clear_faults()
    stage.token_after("concierge", token, within=60)
    stage.condition("concierge", "RotationHealthy", "True", "Rotating")
    stage.shows("concierge", failures={"count": 0, "lastReason": ""})
    first, *failed, last = stage.requests("concierge")
    assert (first.status, {it.status for it in failed}, last.status) == (200, {503}, 200)
    pauses = [later.at - earlier.at for earlier, later in pairwise([*failed, last])]
    assert len(pauses) >= 2
    assert all(0.09 < pause < 40 for pause in pauses)


def test_a_life_that_no_mounted_file_can_keep_up_with_is_said(stage: Stage) -> None:
    """60 s behind the kubelet is too short: Delivered says the arithmetic and the smallest life that would do."""
    stage.ready_to_mint()
    stage.add("short", lifetimeSeconds=60, delivery={"propagation": "Kubelet"})
    condition = stage.condition("short", "Delivered", "False", "LifetimeTooShort")
    assert "60 s of life cannot cover 91 s of propagation" in condition["message"]
    assert "lifetimeSeconds to 114 or more" in condition["message"]
    stage.ready("short")
    stage.change("short", {"spec": {"lifetimeSeconds": 114}})
    stage.condition("short", "Delivered", "True", "WithinPropagation")


def test_events_tell_of_changes_and_not_of_rotations(stage: Stage) -> None:
    """A session that becomes Ready says so once, however often it is rotated."""
    stage.ready_to_mint()
    stage.add("concierge")
    stage.ready("concierge")
    stage.told("concierge", "Issued")
    for value in ("1", "2"):
        token = stage.entries("concierge")["token"]
        stage.annotate("concierge", {ROTATE: value})
        stage.token_after("concierge", token)
    stage.shows("concierge", rotations=2)
    # Events are posted in their order, so one of a rotation would be there before that of a refusal.
    stage.provider.set(refused_models={stage.model("refused"): "invalid_value"})
    stage.change("concierge", {"spec": {"session": {"model": stage.model("refused")}}})
    event, *_ = stage.told("concierge", "Issued", "ProviderRejected", "ProviderRejected")
    assert event.type == "Normal"
    assert event.regarding.uid == stage.get("concierge")["metadata"]["uid"]

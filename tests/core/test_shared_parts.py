"""What sessions have in common is one object, and says what it said."""

from __future__ import annotations

from typing import Any

from realtime_operator.api.secret import SecretSpec
from realtime_operator.core.shared_parts import secret_spec, shared


def a_condition(kind: str = "Ready", **more: Any) -> dict[str, Any]:
    """A condition as the API server has it, made anew each time."""
    return {
        "type": kind,
        "status": "True",
        "reason": "Issued",
        "message": "fine",
        "lastTransitionTime": "2026-11-28T12:00:00Z",
        "observedGeneration": 1,
        **more,
    }


def a_status(name: str, **more: Any) -> dict[str, Any]:
    """A status of which only the Secret is the session's own."""
    return {
        "observedGeneration": 1,
        "conditions": [a_condition(), a_condition("RotationHealthy")],
        "failures": {"count": 0, "lastReason": ""},
        "providerRef": {"kind": "RealtimeProvider", "name": "default"},
        "secretRef": {"name": name, "uid": f"uid-{name}"},
        **more,
    }


def test_a_shared_status_says_the_same_in_the_same_order() -> None:
    """Also what another version wrote stays."""
    told = a_status("a", conditions=[a_condition(), a_condition("New", since="x"), {"type": "Bare"}])
    told |= {"failures": {"count": 2, "lastReason": "Expired"}, "pods": {"consuming": 1}}
    assert shared(told) == told
    assert list(shared(told)) == list(told)
    assert shared({}) == {}


def test_two_sessions_have_the_common_parts_once() -> None:
    """Conditions, provider and the absence of failures; the Secret is each one's own."""
    first, second = shared(a_status("a")), shared(a_status("b"))
    for part in ("failures", "providerRef"):
        assert first[part] is second[part]
    for one, other in zip(first["conditions"], second["conditions"], strict=True):
        assert one is other
    assert first["secretRef"] != second["secretRef"]


def test_wishes_for_a_secret_are_shared_where_they_differ_in_its_name_alone() -> None:
    """Every other difference counts."""
    named = [SecretSpec(name=name, labels={"a": "b"}, keys={"token": "TOKEN"}) for name in ("x", "y")]
    assert secret_spec(named[0]) is secret_spec(named[1])
    assert secret_spec(named[0]) == named[0].model_copy(update={"name": None})
    for other in ({"labels": {"a": "c"}}, {"annotations": {"a": "b"}}, {"adoption_policy": "IfUnowned"}):
        assert secret_spec(SecretSpec.model_validate({"labels": {"a": "b"}} | other)) is not secret_spec(
            named[0]
        )


def test_what_is_large_is_not_kept() -> None:
    """Else the wishes of sessions that are gone would stay, whatever their size."""
    large = SecretSpec.model_validate({"annotations": {"note": "x" * 2000}})
    assert secret_spec(large) is large
    small = SecretSpec.model_validate({"annotations": {"note": "x" * 20}})
    assert secret_spec(small) is not small

"""Pods are counted as they are listed; of their troubles the first is told, with a few names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from realtime_operator.core.delivery import Delivery, Tally, Trouble, delivery_of, is_late
from realtime_operator.core.object_ref import ObjectRef
from realtime_operator.core.pod_view import ObservedPod, Owner, Use
from realtime_operator.core.reasons import Reason

POD = ObservedPod(
    name="voice-0",
    uid="u-0",
    uses=frozenset({Use.VOLUME}),
    finished=False,
    told="",
    held="",
    held_since=None,
    owner=Owner("apps/v1", ObjectRef("ReplicaSet", "hotel", "voice", "r-1")),
)
TOLD = replace(POD, told="now")


def pod(*uses: Use, **fields: Any) -> ObservedPod:
    """A pod that uses the Secret so."""
    return replace(POD, uses=frozenset(uses), **fields)


def tally(*pods: ObservedPod) -> Tally:
    """The count of pods of whom nobody is told."""
    counted = Tally("now")
    for each in pods:
        counted.is_untold(each)
    return counted


def said(counted: Tally) -> tuple[int, int, str]:
    """What a tally says: consuming, notified, the reason of the trouble."""
    delivery = counted.delivery(None, final=True)
    return delivery.consuming, delivery.notified, delivery.trouble.reason if delivery.trouble else ""


@pytest.mark.parametrize(
    ("seen", "untold", "counts"),
    [
        pytest.param(POD, True, (1, 0, ""), id="one that mounts it has to be told"),
        pytest.param(TOLD, False, (1, 1, ""), id="one that was told is left alone"),
        pytest.param(
            replace(POD, told="before"), True, (1, 0, ""), id="one that was told of another token is not"
        ),
        pytest.param(
            replace(POD, finished=True), False, (0, 0, ""), id="one that has finished does not count"
        ),
        pytest.param(pod(), False, (0, 0, ""), id="one that does not use it does not count"),
        pytest.param(
            pod(Use.IMAGE_PULL), False, (0, 0, ""), id="a registry's credential is read by no program"
        ),
        pytest.param(pod(Use.ENV), False, (1, 0, "EnvConsumer"), id="a variable cannot be told"),
        pytest.param(pod(Use.ENV_FROM, told="now"), False, (1, 0, "EnvConsumer"), id="nor can all of them"),
        pytest.param(pod(Use.SUB_PATH), False, (1, 0, "SubPathConsumer"), id="nor can a single file"),
        pytest.param(
            pod(Use.VOLUME, Use.ENV), True, (1, 0, "EnvConsumer"), id="who has both is told all the same"
        ),
    ],
)
def test_a_pod_is_counted(seen: ObservedPod, untold: bool, counts: tuple[int, int, str]) -> None:  # noqa: FBT001 - a case's verdict
    """By its use of the token, and by what it was told."""
    counted = Tally("now")
    assert counted.is_untold(seen) is untold
    assert said(counted) == counts


def test_what_became_of_those_that_had_to_be_told() -> None:
    """Told ones have it; one that is gone counts no more; one that is behind is named with the cause."""
    counted = tally(POD, POD, POD, TOLD)
    counted.told()
    counted.gone(POD)
    assert counted.is_whole
    counted.behind(POD, "no answer within 2 s")
    assert said(counted) == (3, 2, "PodsBehind")
    assert not counted.is_whole
    trouble = counted.delivery(None, final=True).trouble
    assert trouble is not None
    assert trouble.message == (
        "1 of 3 pods could not be told of the present token and have it up to 80 seconds later: voice-0;"
        " the last cause: no answer within 2 s."
    )


def test_a_pod_that_is_gone_counts_nowhere() -> None:
    """Neither as one that reports, nor as one that holds the token, nor as one that keeps it in a variable."""
    gone = pod(Use.VOLUME, Use.ENV, held="now")
    counted = tally(gone, TOLD)
    counted.gone(gone)
    assert counted.delivery(None, final=True) == Delivery(1, 1)
    another = replace(gone, name="voice-1", held="before")
    counted = tally(gone, another)
    counted.gone(gone)
    delivery = counted.delivery(None, final=True)
    assert delivery.document() == {"consuming": 1, "notified": 0, "confirmed": 0}
    assert delivery.trouble is not None
    assert delivery.trouble.message.startswith("1 of 1 pods have the token in an environment variable")
    assert ": voice-1;" in delivery.trouble.message


LATE = {
    "says that it holds another": (replace(TOLD, held="before"), True, True),
    "says that it holds this one": (replace(TOLD, held="now"), False, False),
    "says nothing": (TOLD, False, True),
    "was not told": (replace(POD, held="before"), False, False),
    "has finished": (replace(TOLD, held="before", finished=True), False, False),
    "has it in a variable": (pod(Use.ENV, told="now", held="before"), False, False),
}


@pytest.mark.parametrize(("seen", "late", "late_if_in_doubt"), LATE.values(), ids=LATE)
def test_who_is_told_once_more(seen: ObservedPod, late: bool, late_if_in_doubt: bool) -> None:  # noqa: FBT001 - a case's verdict
    """Whoever was told and says that it holds another token; in doubt also who says nothing."""
    assert is_late(seen, "now", in_doubt=False) is late
    assert is_late(seen, "now", in_doubt=True) is late_if_in_doubt


def test_few_names_are_told() -> None:
    """A message about a hundred pods is no longer than one about four."""
    counted = tally(*(pod(Use.ENV, name=f"voice-{number}") for number in range(100)))
    trouble = counted.delivery(None, final=True).trouble
    assert trouble is not None
    assert "100 of 100 pods" in trouble.message
    assert "voice-0, voice-1, voice-2 and 97 more; mount the Secret" in trouble.message
    assert [owner.ref.uid for owner in counted.owners] == ["r-1"]


def test_of_several_troubles_the_first_is_told() -> None:
    """What keeps all pods from the token goes before what keeps some of them."""
    counted = tally(pod(Use.SUB_PATH), pod(Use.ENV), POD)
    assert said(counted)[2] == "EnvConsumer"
    assert len(counted.owners) == 1
    counted.behind(POD, "the cause")
    assert said(counted)[2] == "PodsBehind"
    assert len(counted.owners) == 0, "it is not theirs to mend"
    counted.refused(POD, "RBAC does not let the operator patch pods")
    assert said(counted)[2] == "PodsForbidden"
    assert counted.is_refused


def test_what_could_not_be_listed_does_not_change_the_counts() -> None:
    """Half a list tells nothing of how many pods there are."""
    before = Delivery(5, 5, 4)
    for part in (tally(), tally(POD)):
        part.unlisted("GET pods: 500")
        after = part.delivery(before, final=True)
        assert (after.consuming, after.notified, after.confirmed) == (5, 5, 4)
        assert after.trouble is not None
        assert "GET pods: 500" in after.trouble.message
    forbidden = tally()
    forbidden.refused(None, "RBAC does not let the operator list pods")
    told = forbidden.delivery(before, final=True)
    assert told.consuming == 5
    assert told.is_forbidden
    silent = tally()
    silent.unlisted("GET pods: 500")
    # Nor does it give a right that was missing: by the pods' pace their kubelets would be too late.
    assert silent.delivery(told, final=True).is_forbidden


def test_confirmations_are_counted_when_pods_have_had_their_time() -> None:
    """Right after a rotation nobody can have reported yet, so what was told before stands."""
    reporters = tally(TOLD, replace(TOLD, held="now"), replace(TOLD, held="before"))
    assert reporters.delivery(None, final=False).document() == {"consuming": 3, "notified": 3}
    assert reporters.delivery(None, final=True).document() == {"consuming": 3, "notified": 3, "confirmed": 1}
    assert reporters.delivery(Delivery(3, 3, 2), final=False).confirmed == 2
    assert tally(TOLD).delivery(Delivery(3, 3, 2), final=True).confirmed == 0
    assert tally(TOLD).delivery(None, final=True).confirmed is None


@pytest.mark.parametrize(
    ("known", "complete"),
    [
        (Delivery(3, 3), True),
        (Delivery(3, 2), False),
        (Delivery(3, 3, None, Trouble(Reason.PODS_FORBIDDEN, "m")), False),
        (Delivery(3, 3, None, Trouble(Reason.ENV_CONSUMER, "m")), True),
    ],
)
def test_whether_there_is_anybody_left_to_tell(known: Delivery, complete: bool) -> None:  # noqa: FBT001 - a case's verdict
    """What another list may mend is worth one after a restart."""
    assert known.is_complete is complete


def test_what_the_process_before_found_out() -> None:
    """Status tells it: counts, and the trouble if it is one of pods."""
    delivered = {"type": "Delivered", "status": "False", "reason": "EnvConsumer", "message": "One has."}
    status = {"pods": {"consuming": 2, "notified": 1, "confirmed": 1}, "conditions": [delivered]}
    assert delivery_of(status) == Delivery(2, 1, 1, Trouble(Reason.ENV_CONSUMER, "One has."))
    for other in (
        {"status": "True", "reason": "WithinPropagation"},
        {"status": "False", "reason": "LifetimeTooShort"},
    ):
        assert delivery_of(status | {"conditions": [delivered | other]}) == Delivery(2, 1, 1)
    assert delivery_of({}) is None

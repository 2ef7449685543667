"""What is known of the pods that use a session's token: counted as they are listed, then told in status."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from realtime_operator.api.conditions import ConditionType
from realtime_operator.core.pod_view import ObservedPod, Owner, Use
from realtime_operator.core.reasons import Reason

NAMES_TOLD = 3
"""So many pods are named in a message, and so many of their owners hear of it: enough to find the others by."""

POD_REASONS = (Reason.PODS_FORBIDDEN, Reason.PODS_BEHIND, Reason.ENV_CONSUMER, Reason.SUB_PATH_CONSUMER)
"""The troubles with pods; of several the first is told."""

_READING = frozenset(Use) - {Use.IMAGE_PULL}
_FROZEN = {Reason.ENV_CONSUMER: frozenset({Use.ENV, Use.ENV_FROM}), Reason.SUB_PATH_CONSUMER: {Use.SUB_PATH}}
_SAID = {
    Reason.ENV_CONSUMER: "have the token in an environment variable, which never changes while they run, and so expires",
    Reason.SUB_PATH_CONSUMER: "mount the token by subPath, which never changes while they run, and so expires",
}
_REMEDY = "mount the Secret as a volume without subPath, and read the file whenever the token is needed"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why some pods do not have the present token."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """The pods of a session, as counted last.

    Attributes:
        consuming: pods that use the token and have not finished.
        notified: those that were told of it and have it in their file.
        confirmed: those that say that they hold it; None where none ever said anything.
        trouble: why others do not have it, or None.
    """

    consuming: int
    notified: int
    confirmed: int | None = None
    trouble: Trouble | None = None

    @property
    def is_forbidden(self) -> bool:
        """Whether pods may not be told, so that their kubelets find out at their own pace."""
        return self.trouble is not None and self.trouble.reason is Reason.PODS_FORBIDDEN

    @property
    def is_complete(self) -> bool:
        """Whether all pods that can be told were."""
        is_known = self.trouble is None or self.trouble.reason in _FROZEN
        return is_known and self.notified >= self.consuming

    def document(self) -> dict[str, int]:
        """What status says of it."""
        counts = {"consuming": self.consuming, "notified": self.notified}
        return counts if self.confirmed is None else counts | {"confirmed": self.confirmed}


def delivery_of(status: Mapping[str, Any]) -> Delivery | None:
    """What the process before had found out, by the status that it left; None for nothing."""
    pods = status.get("pods")
    if not pods:
        return None
    conditions = {c["type"]: c for c in status.get("conditions") or ()}
    told: Mapping[str, Any] = conditions.get(ConditionType.DELIVERED, {})
    trouble = None
    if told.get("status") == "False" and told["reason"] in POD_REASONS:
        trouble = Trouble(Reason(told["reason"]), told["message"])
    return Delivery(pods["consuming"], pods["notified"], pods.get("confirmed"), trouble)


def is_late(pod: ObservedPod, token_id: str, *, in_doubt: bool) -> bool:
    """Whether a pod that was told of a token may have to be told once more.

    Args:
        pod: as listed some time after it was told.
        token_id: of the token.
        in_doubt: whether one that says nothing of what it holds is thought to be late.
    """
    was_told = pod.follows and not pod.finished and pod.told == token_id
    return was_told and pod.held != token_id and (bool(pod.held) or in_doubt)


@dataclass(slots=True)
class _Few:
    count: int = 0
    names: list[str] = field(default_factory=list)
    owners: dict[str, Owner] = field(default_factory=dict)

    def add(self, pod: ObservedPod) -> None:
        self.count += 1
        if len(self.names) < NAMES_TOLD:
            self.names.append(pod.name)
        if len(self.owners) < NAMES_TOLD:
            self.owners[pod.owner.ref.uid] = pod.owner

    def remove(self, pod: ObservedPod) -> bool:
        """Take out one that was added; says whether none is left. Its owner, which makes others like it, stays."""
        self.count -= 1
        if pod.name in self.names:
            self.names.remove(pod.name)
        return not self.count

    def __str__(self) -> str:
        more = self.count - len(self.names)
        return ", ".join(self.names) + (f" and {more} more" if more else "")


@dataclass(slots=True)
class Tally:
    """Counts the pods of one list, and keeps a few names of each trouble.

    Attributes:
        token_id: of the token that they should have.
        consuming: see ``Delivery``.
        notified: see ``Delivery``.
        confirmed: see ``Delivery``.
        reporters: pods that say at all which token they hold.
    """

    token_id: str
    consuming: int = 0
    notified: int = 0
    confirmed: int = 0
    reporters: int = 0
    _frozen: dict[Reason, _Few] = field(default_factory=dict)
    _behind: _Few = field(default_factory=_Few)
    _cause: str = ""
    _refusal: str = ""
    _unlisted: str = ""

    def is_untold(self, pod: ObservedPod) -> bool:
        """Count a pod, and say whether it has to be told of the token."""
        if pod.finished or not pod.uses & _READING:
            return False
        self.consuming += 1
        self.reporters += bool(pod.held)
        self.confirmed += pod.held == self.token_id
        for reason, uses in _FROZEN.items():
            if pod.uses & uses:
                self._frozen.setdefault(reason, _Few()).add(pod)
        is_told = pod.told == self.token_id
        self.notified += pod.follows and is_told
        return pod.follows and not is_told

    def told(self) -> None:
        """A pod that was counted was told."""
        self.notified += 1

    def gone(self, pod: ObservedPod) -> None:
        """A pod that was counted, and had to be told, is not there any more."""
        self.consuming -= 1
        self.reporters -= bool(pod.held)
        self.confirmed -= pod.held == self.token_id
        for reason, uses in _FROZEN.items():
            if pod.uses & uses and self._frozen[reason].remove(pod):
                del self._frozen[reason]

    def behind(self, pod: ObservedPod, cause: str) -> None:
        """A pod could not be told."""
        self._behind.add(pod)
        self._cause = cause

    def refused(self, pod: ObservedPod | None, cause: str) -> None:
        """A pod may not be told, or, if None, none may be listed."""
        if pod is not None:
            self._behind.add(pod)
        self._refusal = cause

    def unlisted(self, cause: str) -> None:
        """The list did not come to its end."""
        self._unlisted = cause

    @property
    def is_whole(self) -> bool:
        """Whether all pods were seen, and all that had to be told were."""
        return not (self._unlisted or self._behind.count or self._refusal)

    @property
    def owners(self) -> Collection[Owner]:
        """A few owners of pods that never see another token than that of their start, if that is the trouble that is told."""
        few = self._frozen.get(self.trouble.reason) if self.trouble is not None else None
        return few.owners.values() if few is not None else ()

    @property
    def is_refused(self) -> bool:
        """Whether a right is missing, which another attempt will not bring."""
        return bool(self._refusal)

    def delivery(self, before: Delivery | None, *, final: bool) -> Delivery:
        """What to tell.

        Args:
            before: what was told last.
            final: whether pods have had their time to report.
        """
        if before is not None and (self._unlisted or (self._refusal and not self.consuming)):
            # Nothing was counted, so the counts that were told last stand, and so does a right that was missing.
            trouble = before.trouble if before.is_forbidden else self.trouble
            return Delivery(before.consuming, before.notified, before.confirmed, trouble)
        confirmed = before.confirmed if before is not None else None
        if final and (self.reporters or confirmed is not None):
            confirmed = self.confirmed
        return Delivery(self.consuming, self.notified, confirmed, self.trouble)

    @property
    def trouble(self) -> Trouble | None:
        """Why some do not have the token, or None; of several reasons the first."""
        if self._refusal:
            message = (
                f"{self._refusal}, so pods are not told of new tokens and have them up to 80 seconds later, for which they are rotated"
                " earlier; install the operator with"
                " podAnnotation.enabled=true, or give it list and patch on pods."
            )
            return Trouble(Reason.PODS_FORBIDDEN, message)
        if self._unlisted:
            message = f"The pods could not be listed, so it is not known whether all have the present token: {self._unlisted}."
            return Trouble(Reason.PODS_BEHIND, message)
        if self._behind.count:
            message = (
                f"{self._behind.count} of {self.consuming} pods could not be told of the present token and have it up to 80 seconds later:"
                f" {self._behind}; the last cause: {self._cause}."
            )
            return Trouble(Reason.PODS_BEHIND, message)
        for reason, few in sorted(self._frozen.items(), key=lambda item: POD_REASONS.index(item[0])):
            return Trouble(reason, f"{few.count} of {self.consuming} pods {_SAID[reason]}: {few}; {_REMEDY}.")
        return None

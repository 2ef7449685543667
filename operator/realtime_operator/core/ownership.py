"""Whose a Secret is: ours, ours again, ours for the taking, or somebody else's."""

from __future__ import annotations

from enum import Enum

from realtime_operator.api import group
from realtime_operator.api.secret import AdoptionPolicy
from realtime_operator.core.errors import SecretConflict
from realtime_operator.core.reasons import Reason
from realtime_operator.core.secret_view import ObservedSecret
from realtime_operator.core.token_secret import Target


class Ownership(Enum):
    """What may be done with an observed Secret."""

    OURS = "ours"
    """The session controls it: write it in the version known, or by uid."""
    TAKEOVER = "takeover"
    """A dead session of the same name controlled it, or its owner consents to adoption: patch this version, with our reference."""


def ownership(observed: ObservedSecret, target: Target) -> Ownership:
    """Say what may be done with a Secret of the wanted name.

    A session's name is unique while it lives, so a controller of our kind and name with another UID is dead: a restored backup.
    Its reference, or after an orphaning delete its annotation, says whose the Secret was.

    Raises:
        SecretConflict: it is somebody else's, or of a form that cannot be kept filled.
    """
    controller, session = observed.controller, target.session
    if controller is not None and controller.uid == session.uid:
        verdict = Ownership.OURS
    elif controller is not None:
        same_name = (controller.kind, controller.name) == (group.KIND_SESSION, session.name)
        if not (
            same_name and controller.api_version.startswith(f"{group.GROUP}/") and _was_ours(observed, target)
        ):
            raise _conflict(target, f"is controlled by {controller.kind} {controller.name}")
        verdict = Ownership.TAKEOVER
    elif _was_ours(observed, target) or _consents(observed, target):
        verdict = Ownership.TAKEOVER
    else:
        raise _conflict(target, "exists and is not this session's")
    _check_form(observed, target)
    return verdict


def claimed(secret_name: str, older: str) -> SecretConflict:
    """The error of a session whose Secret an older session of that name wants, too."""
    return SecretConflict(
        Reason.SECRET_CONFLICT,
        f"Secret {secret_name} belongs to the older session {older}; delete one of the two sessions, or"
        " choose another spec.secret.name in a new one.",
    )


def _was_ours(observed: ObservedSecret, target: Target) -> bool:
    labelled = observed.labels.get(group.LABEL_MANAGED_BY) == group.MANAGED_BY
    return labelled and observed.annotations.get(group.ANNOTATION_SESSION) == target.session.name


def _consents(observed: ObservedSecret, target: Target) -> bool:
    return (
        target.spec.adoption_policy is AdoptionPolicy.IF_UNOWNED
        and observed.labels.get(group.LABEL_ADOPT) == "true"
        and not observed.owned
    )


def _conflict(target: Target, what: str) -> SecretConflict:
    return SecretConflict(
        Reason.SECRET_CONFLICT,
        f"Secret {target.name} {what}; delete it, choose another spec.secret.name in a new session, or let it be adopted"
        f' (adoptionPolicy IfUnowned and the label {group.LABEL_ADOPT}: "true" on a Secret that nobody owns).',
    )


def _check_form(observed: ObservedSecret, target: Target) -> None:
    if observed.immutable:
        raise SecretConflict(
            Reason.SECRET_UNUSABLE, f"Secret {target.name} is immutable and cannot be rotated; delete it."
        )
    if observed.type != "Opaque":
        raise SecretConflict(
            Reason.SECRET_UNUSABLE,
            f"Secret {target.name} is of type {observed.type}, and Opaque is needed; delete it.",
        )

"""What the process remembers of one session. Nothing here is state: after a restart it is rebuilt from the object and its Secret."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from realtime_operator.api.group import ANNOTATION_ROTATE
from realtime_operator.api.secret import SecretKey, SecretSpec
from realtime_operator.api.session import Propagation, ProviderRef, RealtimeSession
from realtime_operator.core.delivery import Delivery
from realtime_operator.core.errors import InvalidSession
from realtime_operator.core.failure import Failure
from realtime_operator.core.mint_request import MintTemplate, mint_template
from realtime_operator.core.object_ref import ObjectRef
from realtime_operator.core.pod_view import Sought
from realtime_operator.core.rest import Rest
from realtime_operator.core.schedule import Lead, spread
from realtime_operator.core.secret_view import SecretStamp
from realtime_operator.core.shared_parts import secret_spec, wanted_provider
from realtime_operator.core.token_secret import Holding


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a spec asks for, parsed once.

    Attributes:
        generation: of the object.
        rotate: value of the rotate annotation; empty for none.
        created_at: when the object was created.
        template: the request, or the error that keeps it from being made.
        secret: entries, labels and annotations of the Secret; its name is in ``secret_name``.
        secret_name: of the Secret.
        propagation: what rotation is timed for; Kubelet where PodAnnotation is asked for and not served.
        pod_selector: the pods to be told of a new token, as a request asks for them; empty for none.
        is_unserved: whether PodAnnotation is asked for and not served.
        lost_nulls: pointers of nulls that client-side apply was given and that did not arrive.
    """

    generation: int
    rotate: str
    created_at: float
    provider_ref: ProviderRef | None
    template: MintTemplate | InvalidSession
    secret: SecretSpec
    secret_name: str
    propagation: Propagation
    suspended: bool
    pod_selector: str = ""
    is_unserved: bool = False
    lost_nulls: tuple[str, ...] = ()

    @property
    def sought(self) -> Sought:
        """The Secret, as it is looked for in pods."""
        lasting = (SecretKey.BASE_URL, SecretKey.MODEL)
        return Sought(self.secret_name, frozenset(map(self.secret.key_name, lasting)))

    @property
    def model(self) -> str:
        """The model asked for; empty for none, or where the request cannot be made."""
        return "" if isinstance(self.template, InvalidSession) else self.template.model or ""

    def request(self) -> MintTemplate:
        """The request.

        Raises:
            InvalidSession: it cannot be made.
        """
        if isinstance(self.template, InvalidSession):
            # A fresh copy: an exception that is raised again and again would keep growing its traceback.
            raise InvalidSession(self.template.reason, str(self.template))
        return self.template


@dataclass(slots=True)
class SessionMemory:
    """One session, as the engine and the reconciler know it.

    Attributes:
        ref: the object.
        wanted: what its spec asks for.
        status: the status document as last seen or written.
        holding: the token in our Secret while ``stamp`` is set, else the last one known; None if unknown.
        unwritten: a token that was minted and could not be written yet; it is written before another is minted.
        stamp: the Secret, in the version that is known to hold ``holding``; None while none is known to.
        unshared: whether the Secret at ``stamp`` holds what we wrote and nothing else, so that it may be replaced as a whole.
        checked_at: local time at which the Secret was last seen to hold ``holding``.
        checked_generation: the generation for which the Secret's content was last compared.
        confirmed_generation: the generation whose request the token is known to answer.
        rotations: how many times a token was replaced.
        failure: the last of a row of failures, or None.
        rotation_at: local time at which rotation is due; None if unknown.
        expires_at: local time at which the token expires at the earliest; 0 if there is none.
        lead: the rule's figures for the token; None if unknown.
        scheduled_for: the token id and propagation that ``rotation_at`` was worked out for.
        observed: whether the Secret was seen by this process.
        values_changed: how often a Secret changed that values of the request come from.
        delivery: what is known of the pods that use the token; None for nothing.
        told: the token id, selector and Secret that pods were last told of; None for none by this process.
        older_claimant: name of an older session that wants the same Secret; empty for none.
        rest: what the last pass found, if it left nothing to do; else None.
        gone: whether the object was deleted; nothing is written for it any more.
        spread: a number in [0, 1) that belongs to the object.
    """

    ref: ObjectRef
    wanted: Wanted
    status: Mapping[str, Any] = field(default_factory=dict)
    holding: Holding | None = None
    unwritten: Holding | None = None
    stamp: SecretStamp | None = None
    unshared: bool = False
    checked_at: float = -math.inf
    checked_generation: int = -1
    confirmed_generation: int = -1
    rotations: int = 0
    failure: Failure | None = None
    rotation_at: float | None = None
    expires_at: float = 0.0
    lead: Lead | None = None
    scheduled_for: tuple[str, str] | None = None
    observed: bool = False
    values_changed: int = 0
    delivery: Delivery | None = None
    told: tuple[str, str, str] | None = None
    older_claimant: str = ""
    rest: Rest | None = None
    gone: bool = False
    spread: float = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Work out once what each look asks for."""
        self.spread = spread(self.ref.uid)


def wanted_of(
    session: RealtimeSession, lost_nulls: tuple[str, ...] = (), *, tells_pods: bool = False
) -> Wanted:
    """Parse what a session asks for; a request that cannot be made is kept as its error.

    Args:
        session: the object.
        lost_nulls: pointers of nulls that did not arrive.
        tells_pods: whether PodAnnotation is served.
    """
    template: MintTemplate | InvalidSession
    try:
        template = mint_template(session.spec)
    except InvalidSession as error:
        template = error
    created, delivery = session.metadata.creation_timestamp, session.spec.delivery
    named = session.spec.provider_ref
    by_annotation = delivery.propagation is Propagation.POD_ANNOTATION
    is_told = by_annotation and tells_pods and delivery.pod_selector is not None
    return Wanted(
        generation=session.metadata.generation,
        rotate=session.metadata.annotations.get(ANNOTATION_ROTATE, ""),
        created_at=created.timestamp() if created is not None else 0.0,
        provider_ref=named if named is None else wanted_provider(named.kind, named.name),
        template=template,
        secret=secret_spec(session.spec.secret),
        secret_name=session.secret_name,
        propagation=Propagation.KUBELET if by_annotation and not is_told else delivery.propagation,
        suspended=session.spec.suspend,
        pod_selector=delivery.pod_selector.query() if delivery.pod_selector and is_told else "",
        is_unserved=by_annotation and not is_told,
        lost_nulls=lost_nulls,
    )


def propagation_for(wanted: Wanted, delivery: Delivery | None) -> Propagation:
    """What rotation is timed for: pods that may not be told have a token when their kubelets find out by themselves."""
    is_forbidden = bool(wanted.pod_selector) and delivery is not None and delivery.is_forbidden
    return Propagation.KUBELET if is_forbidden else wanted.propagation

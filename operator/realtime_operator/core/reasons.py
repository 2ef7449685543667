"""Every reason that conditions, events, logs and metrics carry, with its meaning."""

from __future__ import annotations

from enum import StrEnum


class MintReason(StrEnum):
    """Why a token is minted. There is no other reason to mint."""

    SECRET_MISSING = "SecretMissing"
    """There is no Secret, and no live token in memory to restore it from."""
    SECRET_INCOMPLETE = "SecretIncomplete"
    """The Secret lacks the token or was edited, and no live token in memory can repair it."""
    REQUEST_CHANGED = "RequestChanged"
    """What would be sent differs from what the token was minted with."""
    ROTATION_DUE = "RotationDue"
    """The rotation time has come; the token still works."""
    EXPIRED = "Expired"
    """The token no longer works."""
    ROTATE_REQUESTED = "RotateRequested"
    """A person set a new value of the rotate annotation."""


class Reason(StrEnum):
    """Why a condition has its status."""

    ISSUED = "Issued"
    """The Secret holds an unexpired token for the current spec."""
    PENDING = "Pending"
    """Nothing was decided yet."""
    MINTING = "Minting"
    """The first token for this spec is on its way."""
    RETRYING = "Retrying"
    """The last attempt failed; another follows by itself."""
    EXPIRED = "Expired"
    """The Secret's token no longer works."""
    SUSPENDED = "Suspended"
    """spec.suspend is true and the token has expired or never was."""

    INVALID_SPEC = "InvalidSpec"
    """The spec cannot be carried out as written."""
    SECRET_CONFLICT = "SecretConflict"
    """The Secret's name is taken by somebody else, or by an older session."""
    SECRET_UNUSABLE = "SecretUnusable"
    """The Secret is immutable or of another type."""

    PROVIDER_NOT_FOUND = "ProviderNotFound"
    """The referenced provider does not exist, nor does a default one."""
    PROVIDER_NOT_ALLOWED = "ProviderNotAllowed"
    """The provider's policy does not allow this session."""
    PROVIDER_INVALID = "ProviderInvalid"
    """The provider's spec cannot be used."""
    KEY_SECRET_MISSING = "KeySecretMissing"
    """The provider's key Secret does not exist."""
    KEY_SECRET_NOT_LABELLED = "KeySecretNotLabelled"
    """The provider's key Secret lacks its owner's consent, the provider-key label."""
    KEY_MISSING = "KeyMissing"
    """The provider's key Secret lacks the key, or its value is empty or malformed."""
    KEY_READY = "KeyReady"
    """The provider's key is at hand."""

    PROVIDER_REJECTED = "ProviderRejected"
    """The provider refuses the request as written."""
    ENDPOINT_RETIRED = "EndpointRetired"
    """The provider no longer mints at this endpoint."""
    PROVIDER_UNAUTHORIZED = "ProviderUnauthorized"
    """The provider refuses the key or its rights."""
    PROVIDER_BILLING = "ProviderBilling"
    """The provider's account has no credit or has reached its spending limit."""
    PROVIDER_THROTTLED = "ProviderThrottled"
    """The provider asks to slow down."""
    PROVIDER_UNAVAILABLE = "ProviderUnavailable"
    """The provider does not answer, or says it is in trouble."""
    PROVIDER_UNREADABLE = "ProviderUnreadable"
    """The provider answered success without a sound token."""

    CLUSTER_FORBIDDEN = "ClusterForbidden"
    """RBAC or admission refuses the operator."""
    CLUSTER_UNAVAILABLE = "ClusterUnavailable"
    """The Kubernetes API did not answer the operator."""
    SESSION_GONE = "SessionGone"
    """The session, or its namespace, is going away."""
    SECRET_MOVED = "SecretMoved"
    """The Secret changed since it was observed."""

    INTERNAL_ERROR = "InternalError"
    """The operator met an error of its own."""

    ROTATING = "Rotating"
    """Rotations succeed."""
    WITHIN_PROPAGATION = "WithinPropagation"
    """The lifetime leaves room for the propagation."""
    LIFETIME_TOO_SHORT = "LifetimeTooShort"
    """The lifetime cannot cover propagation and clock uncertainty."""

    NULL_DROPPED = "NullDropped"
    """A null in spec.session was lost on its way to the API server."""

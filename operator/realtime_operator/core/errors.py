"""Every error of the product, named for who must act.

::

    OperatorError
      InvalidSession            the author of the session changes it
      SecretValueNotReady       the author of the session, or a Secret's owner, mends what spec.secretValues names
      ProviderNotReady          the administrator mends the provider object or its key Secret
      ProviderError
        ProviderUnauthorized    the administrator mends the provider key or its rights
        ProviderRejected        the request is refused as written; the author changes the session
        ProviderThrottled       slow down, then again
        ProviderUnavailable     network, timeout or server trouble; again
        ProviderDown            known to be in trouble, so it is not asked; when it is back
        ProviderUnreadable      success without a usable token; again
      ClusterError
        SecretConflict          a Secret of that name is somebody else's
        SecretMoved             the Secret is no longer the one observed; observe again
        SessionGone             the session, or its namespace, is going away
        ClusterForbidden        RBAC refuses the operator; the administrator acts
        ClusterUnavailable      the Kubernetes API does not answer; again

An error's text is made here or by the code that raises it, from safe parts only: never a response body, a request body,
a key or a token.
"""

from __future__ import annotations

from enum import Enum


class FailureClass(Enum):
    """What has to happen before another attempt makes sense."""

    SOON = "soon"
    """Time: again soon, with back-off."""
    PEOPLE = "people"
    """A person mends something outside the session; probe every 5 to 15 minutes, and when the key changes."""
    TERMINAL = "terminal"
    """A person changes the session; no timer."""


class OperatorError(Exception):
    """The base of all errors of the product.

    Attributes:
        reason: the CamelCase word that conditions and events carry.
    """

    failure_class = FailureClass.SOON

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class InvalidSession(OperatorError):
    """The spec cannot be carried out as written."""

    failure_class = FailureClass.TERMINAL


class SecretValueNotReady(OperatorError):
    """A value of the request is to come from a Secret, and is not to be had there."""

    failure_class = FailureClass.PEOPLE


class ProviderNotReady(OperatorError):
    """The provider object is missing, refuses this session by policy, or has no usable key."""

    failure_class = FailureClass.PEOPLE


class ProviderError(OperatorError):
    """The provider did not give a token.

    Attributes:
        status: HTTP status, or None where none came.
        request_id: the provider's ``x-request-id``, or None.
        retry_after: seconds the provider asks to wait at least, or None.
        refill: requests a minute that the provider says it allows anew, or None.
        failure_class: what has to happen before another attempt, where the answer itself said so.
    """

    def __init__(
        self,
        reason: str,
        message: str,
        *,
        status: int | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        refill: float | None = None,
        failure_class: FailureClass | None = None,
    ) -> None:
        super().__init__(reason, message)
        if failure_class is not None:
            self.failure_class = failure_class
        self.status = status
        self.request_id = request_id
        self.retry_after = retry_after
        self.refill = refill


class ProviderUnauthorized(ProviderError):
    """The key, or its rights or its account, is refused."""

    failure_class = FailureClass.PEOPLE


class ProviderRejected(ProviderError):
    """The request is refused as written."""

    failure_class = FailureClass.TERMINAL


class ProviderThrottled(ProviderError):
    """Too many requests."""


class ProviderUnavailable(ProviderError):
    """No answer, or one that says the provider is in trouble."""


class ProviderDown(ProviderError):
    """It was not asked, because others have just found it in trouble; reason and message are theirs."""


class ProviderUnreadable(ProviderError):
    """Success was answered, yet there is no sound token in it."""


class ClusterError(OperatorError):
    """The Kubernetes API did not do what was asked."""


class SecretConflict(ClusterError):
    """The Secret's name is taken by somebody else."""

    failure_class = FailureClass.TERMINAL


class SecretMoved(ClusterError):
    """The Secret was deleted, replaced or changed since it was observed."""


class SessionGone(ClusterError):
    """The session was deleted, or its namespace is terminating."""

    failure_class = FailureClass.TERMINAL


class ClusterForbidden(ClusterError):
    """RBAC or admission refuses the operator."""

    failure_class = FailureClass.PEOPLE


class ClusterUnavailable(ClusterError):
    """The Kubernetes API cannot be reached or is in trouble."""

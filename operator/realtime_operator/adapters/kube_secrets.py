"""Our Secrets in the cluster: one by one, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from realtime_operator.adapters.kube_client import JSON, MERGE_PATCH, METADATA_ONLY, KubeClient
from realtime_operator.adapters.kube_path import SECRETS, KubePath
from realtime_operator.adapters.kube_refusal import CONFLICT, INVALID, NOT_FOUND, ApiRefusal
from realtime_operator.core.errors import InvalidSession, OperatorError, SecretMoved, SessionGone
from realtime_operator.core.reasons import Reason
from realtime_operator.core.secret_view import (
    ObservedSecret,
    SecretStamp,
    WrittenSecret,
    observed_secret,
    stamp_of,
    written_secret,
)
from realtime_operator.json_bytes import encoded

_UNCHANGEABLE: Final = {"data", "stringData", "immutable", "type"}
"""Fields that an update is refused for: the Secret is immutable, or of another type."""


class KubeSecrets:
    """Secrets over the API; every write answers with metadata alone, so no token travels back."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client

    async def read(self, namespace: str, name: str) -> ObservedSecret | None:
        """Read one Secret; None where there is none."""
        try:
            return observed_secret(await self._client.request("GET", SECRETS.one(namespace, name)))
        except ApiRefusal as answer:
            if answer.status != NOT_FOUND:
                raise
        return None

    async def look(self, namespace: str, name: str) -> SecretStamp | None:
        """Read only which Secret there is, in which version; None where there is none."""
        path = SECRETS.one(namespace, name)
        try:
            return stamp_of(await self._client.request("GET", path, accept=METADATA_ONLY))
        except ApiRefusal as answer:
            if answer.status != NOT_FOUND:
                raise
        return None

    async def create(self, namespace: str, manifest: Mapping[str, Any]) -> WrittenSecret:
        """Create a Secret.

        Raises:
            SecretMoved: there is one of that name already.
            SessionGone: the namespace is terminating or gone.
            InvalidSession: the API server refuses the manifest as invalid.
        """
        refused = partial(_not_created, namespace=namespace)
        return written_secret(
            await self._write("POST", SECRETS.collection(namespace), manifest, refused), manifest
        )

    async def replace(self, namespace: str, name: str, manifest: Mapping[str, Any]) -> WrittenSecret:
        """Put a whole Secret in the place of the one whose uid and version the manifest carries in its metadata.

        Raises:
            SecretMoved: the Secret is gone, or is another one, or has another version.
            InvalidSession: the API server refuses the manifest as invalid.
        """
        refused = partial(_not_changed, namespace=namespace, name=name)
        return written_secret(
            await self._write("PUT", SECRETS.one(namespace, name), manifest, refused), manifest
        )

    async def patch(self, namespace: str, name: str, patch: Mapping[str, Any]) -> SecretStamp:
        """Merge a patch into the Secret whose uid, and version if given, the patch carries in its metadata.

        Raises:
            SecretMoved: the Secret is gone, or is another one, or has another version.
            InvalidSession: the API server refuses the result as invalid.
        """
        refused = partial(_not_changed, namespace=namespace, name=name)
        path = SECRETS.one(namespace, name)
        return stamp_of(await self._write("PATCH", path, patch, refused, content_type=MERGE_PATCH))

    async def _write(
        self,
        method: str,
        path: KubePath,
        document: Mapping[str, Any],
        refused: Callable[[ApiRefusal], OperatorError],
        *,
        content_type: str = JSON,
    ) -> Any:
        body = encoded(document)
        try:
            return await self._client.request(
                method, path, body=body, content_type=content_type, accept=METADATA_ONLY
            )
        except ApiRefusal as answer:
            error = refused(answer)
        raise error


def _not_created(answer: ApiRefusal, namespace: str) -> OperatorError:
    match answer.status:
        case 409:
            return SecretMoved(
                Reason.SECRET_MOVED, f"namespace {namespace} has a Secret of that name already"
            )
        case 404:
            return SessionGone(Reason.SESSION_GONE, f"namespace {namespace} is gone")
        case 422:
            return _invalid(answer, Reason.INVALID_SPEC)
        case _:
            return answer


def _not_changed(answer: ApiRefusal, namespace: str, name: str) -> OperatorError:
    if answer.status in {NOT_FOUND, CONFLICT} or answer.concerns_uid:
        return SecretMoved(Reason.SECRET_MOVED, f"Secret {namespace}/{name} is not the one observed")
    if answer.status != INVALID:
        return answer
    if _UNCHANGEABLE.intersection(answer.fields):
        return _invalid(answer, Reason.SECRET_UNUSABLE)
    return _invalid(answer, Reason.INVALID_SPEC)


def _invalid(answer: ApiRefusal, reason: Reason) -> InvalidSession:
    fields = ", ".join(answer.fields) or "a field it does not name"
    if reason is Reason.SECRET_UNUSABLE:
        return InvalidSession(
            reason, f"the Secret is immutable or of another type: the API server refuses {fields}"
        )
    return InvalidSession(reason, f"the API server refuses the Secret as invalid at {fields}")

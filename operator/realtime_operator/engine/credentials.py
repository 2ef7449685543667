"""Where the headers come from that prove to a provider who asks: each is a ``CredentialSource``."""

from __future__ import annotations

from collections.abc import Mapping

from realtime_operator.api.auth import Auth, HeaderFrom
from realtime_operator.api.group import KIND_CLUSTER_PROVIDER
from realtime_operator.core.object_ref import ObjectRef
from realtime_operator.core.provider_key import (
    Form,
    Named,
    credential_header,
    missing_secret,
    read_credential,
    read_key_file,
)
from realtime_operator.reference_ports import KeyFiles, ReferenceStore


def namespace_of(provider: ObjectRef, named: str | None) -> str:
    """A cluster provider says where its references live; a namespaced one may only use its own namespace."""
    if provider.kind == KIND_CLUSTER_PROVIDER:
        return named or ""
    return provider.namespace or ""


class SecretCredentials:
    """The provider key in a Secret: ``auth.secretRef``."""

    def __init__(self, references: ReferenceStore) -> None:
        self._references = references

    async def headers(self, provider: ObjectRef, auth: Auth) -> Mapping[str, str]:
        """See ``reference_ports.CredentialSource``."""
        ref = auth.secret_ref
        if ref is None:
            raise AssertionError("a key is looked for in a Secret only where one is named")
        namespace = namespace_of(provider, ref.namespace)
        named = Named(f"{namespace}/{ref.name}", ref.key, "spec.auth.secretRef")
        key = await _credential(self._references, namespace, ref.name, named, Form.KEY)
        return credential_header(auth.scheme, key)


class FileCredentials:
    """The provider key in a file of the operator's pod: ``auth.file``."""

    def __init__(self, files: KeyFiles) -> None:
        self._files = files

    async def headers(self, provider: ObjectRef, auth: Auth) -> Mapping[str, str]:  # noqa: ARG002 - as the port says
        """See ``reference_ports.CredentialSource``."""
        if auth.file is None:
            raise AssertionError("a key is looked for in a file only where one is named")
        key = read_key_file(auth.file.path, self._files.read(auth.file.path))
        return credential_header(auth.scheme, key)


async def further_headers(
    references: ReferenceStore, provider: ObjectRef, headers_from: tuple[HeaderFrom, ...]
) -> dict[str, str]:
    """The headers of ``headersFrom``, with their values as they are now.

    Raises:
        ProviderNotReady: one of them has no usable value.
    """
    found = {}
    for index, header in enumerate(headers_from):
        ref = header.secret_key_ref
        namespace = namespace_of(provider, ref.namespace)
        named = Named(f"{namespace}/{ref.name}", ref.key, f"spec.headersFrom[{index}].secretKeyRef")
        found[header.name] = await _credential(references, namespace, ref.name, named, Form.HEADER)
    return found


async def _credential(references: ReferenceStore, namespace: str, name: str, named: Named, form: Form) -> str:
    document = await references.key_secret(namespace, name)
    if document is None:
        raise missing_secret(named)
    return read_credential(named, document.labels, document.data, form)

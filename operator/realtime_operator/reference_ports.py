"""What providers and sessions refer to, as the engine needs it from the world: Secrets, ConfigMaps, files, labels of namespaces.

As in ``ports``: every call is bounded in time by its adapter, errors are those of ``core.errors``, and ``ClusterUnavailable`` and
``ClusterForbidden`` may come from any call to the cluster.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from realtime_operator.api.auth import Auth
from realtime_operator.core.mint_request import MintTemplate
from realtime_operator.core.object_ref import ObjectRef
from realtime_operator.core.session_memory import SessionMemory


@dataclass(frozen=True, slots=True)
class KeyDocument:
    """A Secret or ConfigMap that is referred to, with its resourceVersion and its decoded values by key, which never print."""

    version: str
    labels: Mapping[str, str] = field(repr=False)
    data: Mapping[str, str] = field(repr=False)


class ReferenceStore(Protocol):
    """What is referred to in the cluster, read by name: Secrets, CA bundles, the labels of namespaces."""

    async def key_secret(self, namespace: str, name: str) -> KeyDocument | None:
        """Read a Secret by name; None where there is none."""
        ...

    async def config_map(self, namespace: str, name: str) -> KeyDocument | None:
        """Read a ConfigMap by name; None where there is none."""
        ...

    async def namespace_labels(self, name: str) -> Mapping[str, str]:
        """Read a namespace's labels; empty where there is none."""
        ...


class KeyFiles(Protocol):
    """The folder of credentials that the operator is given: small files on a local mount."""

    def read(self, path: str) -> str:
        """Read a file by its path below the folder.

        Raises:
            ProviderNotReady: it is not there, lies outside, is no plain file of text, or cannot be read.
        """
        ...


class CredentialSource(Protocol):
    """One way to prove to a provider who asks. A Secret and a file are two; the identity of the operator's own pod would be a third."""

    async def headers(self, provider: ObjectRef, auth: Auth) -> Mapping[str, str]:
        """The request headers that carry the credential, as they are now; asked for every 10 s, so a source that exchanges one keeps it.

        Raises:
            ProviderNotReady: there is no usable credential; the message names the field, the cause and the remedy.
        """
        ...


class ValueSource(Protocol):
    """Values of a session's request that come from Secrets of its namespace."""

    async def filled(self, memory: SessionMemory, template: MintTemplate) -> MintTemplate:
        """The request with its values put in.

        Raises:
            SecretValueNotReady: one of them is not to be had; the message names the field, the cause and the remedy.
        """
        ...

"""A modelled API server: our kinds, Secrets, what providers refer to; and manners that faults change.

What it keeps is never changed in place, so that whoever was told of a version keeps that version.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from enum import Enum, auto
from random import Random
from typing import Any, Final

from realtime_operator.core.object_ref import ObjectRef
from realtime_operator.core.secret_view import ObservedSecret, SecretStamp, WrittenSecret
from realtime_operator.ports import Listed
from sim.secrets import InMemorySecrets, unavailable

WRITE_S: Final = 0.005
"""What a write takes. Reads take no time, unless the API server is slow: seven looks come between two rotations."""

SLOW_S: Final = (0.5, 4.0)
TIMEOUT_S: Final = 10.0
"""As the product's client gives up."""

HANGS: Final = 0.2
"""Share of the requests to an API server that is away that are not refused, but time out."""

MEDDLED: Final = 0.3
"""Share of the writes to a Secret that somebody else was ahead of, while somebody meddles."""

Told = Callable[[str, str, Mapping[str, Any]], None]
"""Kind, ADDED, MODIFIED or DELETED, and the object's document."""


class Manner(Enum):
    """How requests are answered."""

    WELL = auto()
    IS_AWAY = auto()
    IS_SLOW = auto()
    MEDDLES = auto()
    EXPIRES_LISTS = auto()


class ApiServer:
    """Keeps objects and Secrets; fulfils ``ports.ObjectStore``.

    Attributes:
        manner: how requests are answered now.
        secrets: what it keeps of Secrets; ``told`` of theirs hears of each version.
        told: hear of each version of our own kinds.
        writes: how many writes were carried out, by what was written.
    """

    def __init__(self, dice: Random) -> None:
        self._dice = dice
        self._objects: dict[str, dict[tuple[str, str], Mapping[str, Any]]] = {}
        self.manner = Manner.WELL
        self.secrets = InMemorySecrets()
        self.told: list[Told] = []
        self.writes: Counter[str] = Counter()

    def put(self, document: Mapping[str, Any]) -> None:
        """Create an object, or put another version in its place."""
        kind, key = document["kind"], _key(document["metadata"])
        objects = self._objects.setdefault(kind, {})
        event = "MODIFIED" if key in objects else "ADDED"
        objects[key] = document
        self._tell(kind, event, document)

    def delete(self, kind: str, namespace: str, name: str) -> None:
        """Delete an object."""
        self._tell(kind, "DELETED", self._objects[kind].pop((namespace, name)))

    def collect(self, owner_uid: str, namespace: str, name: str) -> None:
        """Delete a Secret whose owner is gone, as the garbage collector does."""
        document = self.secrets.stored.get((namespace, name))
        owners = document["metadata"].get("ownerReferences") if document is not None else None
        if owners and owners[0]["uid"] == owner_uid:
            self.secrets.delete(name, namespace)

    def all_of(self, kind: str) -> list[Mapping[str, Any]]:
        """All objects of a kind."""
        return list(self._objects.get(kind, {}).values())

    def one(self, kind: str, namespace: str, name: str) -> Mapping[str, Any] | None:
        """One object, or None."""
        return self._objects.get(kind, {}).get((namespace, name))

    async def patch_status(self, ref: ObjectRef, status: Mapping[str, Any]) -> bool:
        """See ``ports.ObjectStore``."""
        await self.asked(writes=True)
        document = self.one(ref.kind, ref.namespace or "", ref.name)
        if document is None or document["metadata"]["uid"] != ref.uid:
            return False
        kept = {**document.get("status", {}), **status}
        for name in [name for name, value in status.items() if value is None]:
            del kept[name]
        self.writes["status"] += 1
        self.put({**document, "status": kept})
        self.answered()
        return True

    async def get(self, kind: str, namespace: str | None, name: str) -> Mapping[str, Any] | None:
        """See ``ports.ObjectStore``."""
        await self.asked()
        return self.one(kind, namespace or "", name)

    async def can_list(self, kind: str) -> None:  # noqa: ARG002 - as the port says
        """See ``ports.ObjectStore``."""
        await self.asked()

    async def list_metadata(self, kind: str) -> AsyncIterator[Listed]:
        """See ``ports.ObjectStore``."""
        await self.asked()
        documents = self.all_of(kind)
        expires_after = self._dice.randrange(len(documents) + 1) if self._expires_lists else None
        for number, document in enumerate(documents):
            if number == expires_after:
                raise unavailable()
            metadata = document["metadata"]
            ref = ObjectRef(kind, metadata.get("namespace"), metadata["name"], metadata["uid"])
            yield Listed(ref, metadata["generation"], "1")

    async def asked(self, *, writes: bool = False) -> None:
        """Let the time of a request pass, up to where it is carried out.

        Raises:
            ClusterUnavailable: it is not carried out.
        """
        if self.manner is Manner.IS_AWAY:
            if self._dice.random() < HANGS:
                await asyncio.sleep(TIMEOUT_S)
            raise unavailable()
        if self.manner is Manner.IS_SLOW:
            await asyncio.sleep(self._dice.uniform(*SLOW_S))
        elif writes:
            await asyncio.sleep(WRITE_S)

    def answered(self) -> None:
        """Answer what was carried out.

        Raises:
            ClusterUnavailable: the API server went away meanwhile, and the answer was lost.
        """
        if self.manner is Manner.IS_AWAY:
            raise unavailable()

    def meddled_with(self, namespace: str, name: str) -> None:
        """Perhaps let somebody else change a Secret that is about to be written."""
        document = self.secrets.stored.get((namespace, name))
        if self.manner is not Manner.MEDDLES or document is None or self._dice.random() >= MEDDLED:
            return
        metadata = document["metadata"]
        notes = {**metadata["annotations"], "example.com/touched": str(self.secrets.version)}
        self.secrets.overwrite({**document, "metadata": {**metadata, "annotations": notes}})

    @property
    def _expires_lists(self) -> bool:
        return self.manner is Manner.EXPIRES_LISTS

    def _tell(self, kind: str, event: str, document: Mapping[str, Any]) -> None:
        for told in self.told:
            told(kind, event, document)


class SecretsOverApi:
    """Fulfils ``ports.SecretStore``: the Secrets behind an API server with its manners."""

    def __init__(self, api: ApiServer) -> None:
        self._api = api
        self._secrets = api.secrets

    async def read(self, namespace: str, name: str) -> ObservedSecret | None:
        """See ``ports.SecretStore``."""
        await self._api.asked()
        return await self._secrets.read(namespace, name)

    async def look(self, namespace: str, name: str) -> SecretStamp | None:
        """See ``ports.SecretStore``."""
        if self._api.manner is not Manner.WELL:  # or nothing would be waited for
            await self._api.asked()
        return await self._secrets.look(namespace, name)

    async def create(self, namespace: str, manifest: Mapping[str, Any]) -> WrittenSecret:
        """See ``ports.SecretStore``."""
        await self._api.asked(writes=True)
        written = await self._secrets.create(namespace, manifest)
        self._wrote("create")
        return written

    async def replace(self, namespace: str, name: str, manifest: Mapping[str, Any]) -> WrittenSecret:
        """See ``ports.SecretStore``."""
        await self._api.asked(writes=True)
        self._api.meddled_with(namespace, name)
        written = await self._secrets.replace(namespace, name, manifest)
        self._wrote("replace")
        return written

    async def patch(self, namespace: str, name: str, patch: Mapping[str, Any]) -> SecretStamp:
        """See ``ports.SecretStore``."""
        await self._api.asked(writes=True)
        self._api.meddled_with(namespace, name)
        stamp = await self._secrets.patch(namespace, name, patch)
        self._wrote("patch")
        return stamp

    def _wrote(self, what: str) -> None:
        self._api.writes[what] += 1
        self._api.answered()


def _key(metadata: Mapping[str, Any]) -> tuple[str, str]:
    return metadata.get("namespace") or "", metadata["name"]

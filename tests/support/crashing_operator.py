"""An operator that ends itself between two steps of a pass, as ``kill -9`` would: ``python -m tests.support.crashing_operator``.

It takes the operator's flags and is the operator, but for the wrappers around its outermost adapters. Where it ends is written on
a fuse: a file, named by CRASH_FUSE, that may be lit at any time while the process runs, and that the end takes away.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NoReturn

from pydantic_settings import CliApp
from yarl import URL

from realtime_operator.adapters.cluster_access import ClusterAccess
from realtime_operator.adapters.find_cluster import find_cluster
from realtime_operator.adapters.kube_client import KubeClient
from realtime_operator.adapters.kube_path import KubePath
from realtime_operator.adapters.kube_secrets import KubeSecrets
from realtime_operator.adapters.telemetry import configure_logging
from realtime_operator.core.exchange import MintAnswer, MintCall
from realtime_operator.core.object_ref import ObjectRef
from realtime_operator.core.secret_view import ObservedSecret, SecretStamp, WrittenSecret
from realtime_operator.ports import Listed, ObjectStore, SecretStore, TokenProvider
from realtime_operator.seams import Seams
from realtime_operator.settings import Settings
from realtime_operator.wiring import Operator

FUSE: Final = "CRASH_FUSE"


class Arrow(StrEnum):
    """Between which two steps the process ends."""

    BEFORE_MINT = "before-mint"
    """It is decided to mint; the request is not sent."""

    AFTER_MINT = "after-mint"
    """The provider has answered; the Secret is not written."""

    MID_SECRET = "mid-secret"
    """The Secret's write was sent and its answer not read: it may have happened, or not."""

    AFTER_SECRET = "after-secret"
    """The Secret is written; status is not."""

    AFTER_STATUS = "after-status"
    """Status tells of the new token; nothing was planned after that."""


@dataclass(frozen=True, slots=True)
class Fuse:
    """Says where the process ends, and for which session.

    Attributes:
        file: there while it is lit.
    """

    file: Path

    def light(self, arrow: Arrow, namespace: str, name: str) -> None:
        """End the process at the next such moment of this session."""
        draft = self.file.with_suffix(".draft")
        draft.write_text(f"{arrow} {namespace} {name}")
        draft.replace(self.file)

    def is_lit(self) -> bool:
        """Whether it waits for its moment."""
        return self.file.exists()

    def lit(self) -> tuple[str, str, str]:
        """The arrow, the namespace and the name written on it; empty words while it is not lit."""
        try:
            arrow, namespace, name = self.file.read_text().split()
        except FileNotFoundError:
            return "", "", ""
        return arrow, namespace, name

    def burn(self) -> NoReturn:
        """End this process now: nothing is closed, written or said."""
        self.file.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("SIGKILL cannot be survived")


class CrashingMints:
    """Ends the process before or after a mint; sessions are told apart by the model that their requests name."""

    def __init__(self, mints: TokenProvider, fuse: Fuse) -> None:
        self._mints, self._fuse = mints, fuse

    async def mint(self, call: MintCall) -> MintAnswer:
        """Mint."""
        self._burn_at(Arrow.BEFORE_MINT, call)
        answer = await self._mints.mint(call)
        self._burn_at(Arrow.AFTER_MINT, call)
        return answer

    def _burn_at(self, arrow: Arrow, call: MintCall) -> None:
        lit, namespace, name = self._fuse.lit()
        if lit == arrow and f'"{namespace}-{name}"'.encode() in call.body:
            self._fuse.burn()


class CrashingSecrets:
    """Ends the process during or after the write of a Secret, which bears its session's name."""

    def __init__(self, secrets: SecretStore, fuse: Fuse, access: ClusterAccess) -> None:
        self._secrets, self._fuse = secrets, fuse
        self._unanswered = KubeSecrets(Unanswered(access, fuse))

    async def read(self, namespace: str, name: str) -> ObservedSecret | None:
        """Read a Secret."""
        return await self._secrets.read(namespace, name)

    async def look(self, namespace: str, name: str) -> SecretStamp | None:
        """Look at a Secret."""
        return await self._secrets.look(namespace, name)

    async def create(self, namespace: str, manifest: Mapping[str, Any]) -> WrittenSecret:
        """Create a Secret."""
        name = manifest["metadata"]["name"]
        written = await self._store(namespace, name).create(namespace, manifest)
        self._burn_after(namespace, name)
        return written

    async def replace(self, namespace: str, name: str, manifest: Mapping[str, Any]) -> WrittenSecret:
        """Replace a Secret."""
        written = await self._store(namespace, name).replace(namespace, name, manifest)
        self._burn_after(namespace, name)
        return written

    async def patch(self, namespace: str, name: str, patch: Mapping[str, Any]) -> SecretStamp:
        """Patch a Secret."""
        stamp = await self._store(namespace, name).patch(namespace, name, patch)
        self._burn_after(namespace, name)
        return stamp

    def _store(self, namespace: str, name: str) -> SecretStore:
        is_lit = self._fuse.lit() == (Arrow.MID_SECRET, namespace, name)
        return self._unanswered if is_lit else self._secrets

    def _burn_after(self, namespace: str, name: str) -> None:
        if self._fuse.lit() == (Arrow.AFTER_SECRET, namespace, name):
            self._fuse.burn()


class CrashingObjects:
    """Ends the process after the status that tells of a new token."""

    def __init__(self, objects: ObjectStore, fuse: Fuse) -> None:
        self._objects, self._fuse = objects, fuse

    async def patch_status(self, ref: ObjectRef, status: Mapping[str, Any]) -> bool:
        """Write a status."""
        is_there = await self._objects.patch_status(ref, status)
        if "tokenID" in status and self._fuse.lit() == (Arrow.AFTER_STATUS, ref.namespace, ref.name):
            self._fuse.burn()
        return is_there

    async def get(self, kind: str, namespace: str | None, name: str) -> Mapping[str, Any] | None:
        """Read an object."""
        return await self._objects.get(kind, namespace, name)

    async def can_list(self, kind: str) -> None:
        """Ask for one object."""
        await self._objects.can_list(kind)

    def list_metadata(self, kind: str) -> AsyncIterator[Listed]:
        """List a kind."""
        return self._objects.list_metadata(kind)


class Unanswered(KubeClient):
    """Sends one whole request to the API server, and ends the process without reading a byte of the answer."""

    def __init__(self, access: ClusterAccess, fuse: Fuse) -> None:
        super().__init__(access)
        self._fuse = fuse

    async def _exchange(
        self,
        method: str,
        path: KubePath,
        query: Mapping[str, str] | None,  # noqa: ARG002 - writes have none
        body: bytes | None,
        headers: dict[str, str],
    ) -> tuple[int, bytes]:
        server, content = URL(self._access.server), body or b""
        token = self._access.bearer()
        sent = {"Host": server.authority, "Content-Length": str(len(content)), **headers}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        head = [
            f"{method} {path.url} HTTP/1.1",
            *(f"{name}: {value}" for name, value in sent.items()),
            "",
            "",
        ]
        _, writer = await asyncio.open_connection(server.host, server.port, ssl=self._access.ssl_context)
        writer.write("\r\n".join(head).encode() + content)
        await writer.drain()
        self._fuse.burn()


def main() -> None:
    """Run until killed, by itself or by somebody else."""
    settings, access, fuse = CliApp.run(Settings), find_cluster(os.environ), Fuse(Path(os.environ[FUSE]))
    configure_logging()
    seams = Seams(
        mints=lambda mints: CrashingMints(mints, fuse),
        secrets=lambda secrets: CrashingSecrets(secrets, fuse, access),
        objects=lambda objects: CrashingObjects(objects, fuse),
    )

    async def until_killed() -> None:
        await Operator(settings, access, instance="crashing", seams=seams).run(asyncio.Event())

    asyncio.run(until_killed())


if __name__ == "__main__":
    main()

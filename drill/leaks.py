"""Looks for secrets in every place that people and machines may read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.cluster import GROUP_VERSION, Api
from drill.secretive import Secretive

EVENTS: Final = "/apis/events.k8s.io/v1/events"
SECRETS: Final = "/api/v1/secrets"
METADATA_ONLY: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
KINDS: Final = ("realtimesessions", "realtimeproviders", "clusterrealtimeproviders")


@dataclass(frozen=True, slots=True)
class Leak:
    """A secret that was found.

    Attributes:
        where: it was found.
        what: it is; never the secret itself.
        times: how often it is there.
    """

    where: str
    what: str
    times: int

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f", {self.times} times" if self.times > 1 else "")


async def search(
    secretive: Secretive, api: Api, *, logs: Iterable[Path], texts: Mapping[str, str]
) -> list[Leak]:
    """Look everywhere.

    Args:
        secretive: what is looked for.
        api: as the administrator; events, statuses and metadata of Secrets are read of the whole cluster.
        logs: files with what processes printed.
        texts: other texts, by where they come from.

    Raises:
        bench.cluster.ApiError: a list was refused.
        OSError: a log cannot be read.
    """
    found = [leak for where, text in texts.items() for leak in _leaks(secretive, where, text)]
    for log in logs:
        found += _leaks(secretive, f"log {log.name}", log.read_text(errors="replace"))
    async for where, text in _documents(api):
        found += _leaks(secretive, where, text)
    return found


async def _documents(api: Api) -> AsyncIterator[tuple[str, str]]:
    async for event in api.items(EVENTS):
        yield f"event {_name(event)}", json.dumps(event)
    for plural in KINDS:
        async for document in api.items(f"/apis/{GROUP_VERSION}/{plural}"):
            yield f"status of {plural} {_name(document)}", json.dumps(document.get("status"))
    async for secret in api.items(SECRETS, accept=METADATA_ONLY):
        yield f"metadata of Secret {_name(secret)}", json.dumps(secret["metadata"])


def _leaks(secretive: Secretive, where: str, text: str) -> Iterator[Leak]:
    for what, times in Counter(secretive.found_in(text)).items():
        yield Leak(where, what, times)


def _name(document: Mapping[str, Any]) -> str:
    metadata = document["metadata"]
    return "/".join(part for part in (metadata.get("namespace"), metadata["name"]) if part)

"""All that the engine meets outside of itself, as one value: the adapters, or models of them."""

from __future__ import annotations

from dataclasses import dataclass

from realtime_operator.pod_ports import PodStore
from realtime_operator.ports import EventSink, ObjectStore, SecretStore, TokenProvider
from realtime_operator.reference_ports import KeyFiles, ReferenceStore
from realtime_operator.secret_watch_ports import SecretFeed


@dataclass(frozen=True, slots=True)
class World:
    """All that the engine meets outside of itself.

    Attributes:
        mints: the provider's API.
        secrets: our Secrets.
        objects: our own kinds.
        references: what providers and sessions refer to.
        files: the folder of credentials.
        events: where people hear of what happens.
        pods: those that are told of new tokens.
        secret_feed: what tells of changed Secrets; None where they are not watched.
    """

    mints: TokenProvider
    secrets: SecretStore
    objects: ObjectStore
    references: ReferenceStore
    files: KeyFiles
    events: EventSink
    pods: PodStore
    secret_feed: SecretFeed | None = None

"""What kopf is asked to watch, and how."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import kopf

from realtime_operator.api import group
from realtime_operator.watch.credentials import ClusterCredentials
from realtime_operator.watch.news import News
from realtime_operator.watch.session import watching_session
from realtime_operator.watch.storage import NoDiff, NoProgress

Heard = Callable[[str, str | None, Mapping[str, Any]], None]
"""Called with kind, event type (None while an object is listed) and the object's JSON document."""

CREDENTIALS_LIVE_S = 240
"""How long kopf uses a token before it asks again: a projected token is replaced two minutes or more before it ends."""

LOG_IN_AGAIN_S = 1.0
"""Until credentials that could not be read are read again; kopf would wait for them for ever if it gave up once."""

LONGEST_PAUSE_OF_A_REQUEST_S = 5.0
"""A request is one list or one watch of one kind, and new sessions wait for it."""

LONGEST_PAUSE_OF_THE_WATCH_S = 30.0
"""Each new beginning of the watch finds the kinds and lists all of them."""

FIRST_PAUSE_S = 0.5

PLURALS = {
    group.KIND_PROVIDER: group.PLURAL_PROVIDERS,
    group.KIND_CLUSTER_PROVIDER: group.PLURAL_CLUSTER_PROVIDERS,
    group.KIND_SESSION: group.PLURAL_SESSIONS,
}


class EndlessPauses:
    """Seconds between attempts, doubling up to the longest and never ending: an API server may be away for long."""

    def __init__(self, longest: float) -> None:
        self._longest = longest

    def __iter__(self) -> Iterator[float]:
        """Begin anew."""
        pause = FIRST_PAUSE_S
        while True:
            yield min(pause, self._longest)
            pause = min(2 * pause, self._longest)


def settings() -> kopf.OperatorSettings:
    """Settings under which kopf only watches."""
    made = kopf.OperatorSettings()
    made.peering.standalone = True  # peering is no election, and a stranger's object could pause us
    made.posting.enabled = False  # our own events are few, and made elsewhere
    made.scanning.disabled = True  # no watch of CRDs and namespaces
    made.persistence.progress_storage = NoProgress()
    made.persistence.diffbase_storage = NoDiff()
    made.watching.chunk_size = 100  # a large chunk leaves a large, fragmented heap
    made.watching.server_timeout = 280  # a second net under the inactivity timeout
    made.watching.connect_timeout = 5
    made.networking.request_timeout = 30
    made.networking.connect_timeout = 5
    made.networking.error_backoffs = EndlessPauses(LONGEST_PAUSE_OF_A_REQUEST_S)
    made.queueing.idle_timeout = 0.05  # a handler never sleeps, so its worker need not linger
    made.queueing.exit_timeout = 0.5
    return made


def registry(kinds: Sequence[str], credentials: ClusterCredentials, heard: Heard) -> kopf.OperatorRegistry:
    """A registry with one event handler for each kind, and a session for kopf that leaves out the echoes of our own writing."""
    made = kopf.OperatorRegistry()
    news = {PLURALS[kind]: News() for kind in kinds}
    for kind in kinds:
        _register(made, kind, heard, news[PLURALS[kind]])

    async def log_in(**_: Any) -> kopf.AiohttpSession:
        return connection(credentials, news)

    kopf.on.login(registry=made, backoff=LOG_IN_AGAIN_S)(log_in)
    return made


def connection(credentials: ClusterCredentials, news: Mapping[str, News]) -> kopf.AiohttpSession:
    """Our credentials in kopf's form, good for a while; kopf closes the session."""
    credentials.bearer.refresh()
    token = credentials.bearer()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return kopf.AiohttpSession(
        server=credentials.server,
        aiohttp_session=watching_session(credentials.ssl_context, headers, news),
        default_namespace=credentials.namespace,
        expiration=datetime.now(UTC) + timedelta(seconds=CREDENTIALS_LIVE_S),
    )


def _register(made: kopf.OperatorRegistry, kind: str, heard: Heard, news: News) -> None:
    async def hear(event: Mapping[str, Any], **_: Any) -> None:
        if event["type"] != "MODIFIED":  # of these the session knows already
            news.heard(event["type"], event["object"])
        heard(kind, event["type"], event["object"])

    kopf.on.event(group.GROUP, group.VERSION, PLURALS[kind], registry=made, id=f"hear-{kind.lower()}")(hear)

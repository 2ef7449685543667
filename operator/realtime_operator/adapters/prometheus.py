"""Metrics in Prometheus' text format: what the engine counts, and one set of series for each session, made at scrape time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Histogram, Info, ProcessCollector, generate_latest

from realtime_operator.adapters.provider_metrics import ProviderSample, capacity_lines, provider_lines
from realtime_operator.adapters.user_agent import product_version

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

MINT_BUCKETS_S: Final = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 12.0)
"""Up to the deadline of a mint."""

TOLD_BUCKETS_S: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0)
HELD_BUCKETS_S: Final = (0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0, 90.0)
"""A reporter's times are whole seconds, as a rule; a kubelet that nobody woke takes up to 90."""

LATENESS_BUCKETS_S: Final = (
    -5.0,
    -2.0,
    -1.0,
    -0.5,
    -0.2,
    0.0,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    15.0,
    60.0,
)
"""Rotations are meant to end within the second before they are due."""

SLICE: Final = 250
"""Sessions written in one go, 1 ms at most, before the loop may turn: a scrape must not delay rotations."""


class SessionSample(NamedTuple):
    """What the metrics say of one session; times are seconds since the epoch, None where there is no token."""

    namespace: str
    name: str
    expiration_timestamp: float | None
    rotation_timestamp: float | None
    ready: bool


class PrometheusMetrics:
    """Counts for the engine and writes it all out, in a registry of its own.

    Args:
        sessions: gives a sample of each session in the live table; called once a scrape.
        providers: gives a sample of each provider known; called once a scrape.
        core: gives the share of one core that all rotations need, or None; called once a scrape.

    Attributes:
        tokens: how many were minted and written.
    """

    def __init__(
        self,
        sessions: Callable[[], Iterable[SessionSample]],
        providers: Callable[[], Iterable[ProviderSample]],
        core: Callable[[], float | None] = lambda: None,
    ) -> None:
        self._sessions = sessions
        self._providers = providers
        self._core = core
        self.tokens = 0
        self._registry = CollectorRegistry()
        self._mints = Counter(
            "realtime_operator_mints",
            "Mints by outcome, with why they were begun or why they failed.",
            ("outcome", "reason"),
            registry=self._registry,
        )
        self._pass_errors = Counter(
            "realtime_operator_pass_errors",
            "Passes over a session that ended in an error that is not the provider's.",
            ("reason",),
            registry=self._registry,
        )
        self._mint_duration = Histogram(
            "realtime_operator_mint_duration_seconds",
            "Time until the provider's answer was complete.",
            buckets=MINT_BUCKETS_S,
            registry=self._registry,
        )
        self._lateness = Histogram(
            "realtime_operator_rotation_lateness_seconds",
            "End of a rotation's write minus its rotation time; early is negative.",
            buckets=LATENESS_BUCKETS_S,
            registry=self._registry,
        )
        self._pods = Counter(
            "realtime_operator_pod_notifications",
            "Pods told of a new token by their annotation, by outcome: told, again, gone, refused, failed.",
            ("outcome",),
            registry=self._registry,
        )
        self._told = Histogram(
            "realtime_operator_pod_notification_seconds",
            "From the write of a rotated Secret until all pods of the session were told.",
            buckets=TOLD_BUCKETS_S,
            registry=self._registry,
        )
        self._held = Histogram(
            "realtime_operator_token_held_seconds",
            "From the write of a rotated Secret until a pod held the token, as pods report by the annotation held-since.",
            buckets=HELD_BUCKETS_S,
            registry=self._registry,
        )
        Info("realtime_operator_build", "What is running.", registry=self._registry).info(
            {"version": product_version()}
        )
        ProcessCollector(registry=self._registry)

    def minted(self, *, reason: str) -> None:
        """A token was minted and written."""
        self.tokens += 1
        self._mints.labels("success", reason).inc()

    def mint_failed(self, *, reason: str) -> None:
        """A mint ended without a token, for ``reason``."""
        self._mints.labels("failure", reason).inc()

    def mint_latency(self, seconds: float) -> None:
        """The provider answered after so long."""
        self._mint_duration.observe(seconds)

    def lateness(self, seconds: float) -> None:
        """A rotation's write ended so long after its rotation time; early is negative."""
        self._lateness.observe(seconds)

    def pass_failed(self, *, reason: str) -> None:
        """A pass over a session ended in an error that is not the provider's."""
        self._pass_errors.labels(reason).inc()

    def pod_notified(self, *, outcome: str) -> None:
        """A pod was told of a token, or could not be."""
        self._pods.labels(outcome).inc()

    def notified_within(self, seconds: float) -> None:
        """The last pod of a session was told of a new token."""
        self._told.observe(seconds)

    def held_after(self, seconds: float) -> None:
        """A pod says since when it holds a token."""
        self._held.observe(seconds)

    async def expose(self) -> AsyncIterator[bytes]:
        """Write all metrics in the text format, in pieces between which the loop turns."""
        yield generate_latest(self._registry)
        providers = list(self._providers())
        yield "".join(provider_lines(providers)).encode()
        yield "".join(capacity_lines(self._core(), providers)).encode()
        samples = list(self._sessions())
        for family, value in _FAMILIES.items():
            yield f"# HELP {family} {value.help}\n# TYPE {family} gauge\n".encode()
            for start in range(0, len(samples), SLICE):
                yield "".join(_lines(family, value.of, samples[start : start + SLICE])).encode()
                await asyncio.sleep(0)


class _Value(NamedTuple):
    help: str
    of: Callable[[SessionSample], float | None]


_FAMILIES: Final = {
    "realtime_operator_session_expiration_timestamp_seconds": _Value(
        "When the session's token expires.", lambda sample: sample.expiration_timestamp
    ),
    "realtime_operator_session_rotation_timestamp_seconds": _Value(
        "When the session's rotation is due.", lambda sample: sample.rotation_timestamp
    ),
    "realtime_operator_session_ready": _Value(
        "1 while the Secret holds an unexpired token for the current spec.",
        lambda sample: float(sample.ready),
    ),
}


def _lines(
    family: str, of: Callable[[SessionSample], float | None], samples: Sequence[SessionSample]
) -> Iterator[str]:
    """Lines of text; names of Kubernetes objects need no escaping."""
    for sample in samples:
        value = of(sample)
        if value is not None:
            yield f'{family}{{namespace="{sample.namespace}",name="{sample.name}"}} {value!r}\n'

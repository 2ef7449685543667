"""What the metrics say of providers, and of what the present sessions need of all that is limited. Names of objects need no escaping."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple


class ProviderSample(NamedTuple):
    """What the metrics say of one provider; None where nothing is known, or nothing limits."""

    kind: str
    namespace: str
    name: str
    ready: bool
    down: bool
    throttled: bool
    requests_per_minute: float | None
    clock_offset: float | None
    clock_uncertainty: float | None
    needed_per_minute: float | None = None
    rate_share: float | None = None
    places_share: float | None = None


class _Told(NamedTuple):
    help: str
    of: Callable[[ProviderSample], float | None]


_PROVIDER_FAMILIES: Final = {
    "realtime_operator_provider_ready": _Told(
        "1 while the key is at hand and the provider is not known to be in trouble.",
        lambda sample: float(sample.ready),
    ),
    "realtime_operator_provider_down": _Told(
        "1 while the provider is in trouble, so that one session at a time asks whether it still is.",
        lambda sample: float(sample.down),
    ),
    "realtime_operator_provider_throttled": _Told(
        "1 while nothing is sent because the provider said to slow down.",
        lambda sample: float(sample.throttled),
    ),
    "realtime_operator_provider_requests_per_minute": _Told(
        "Mints a minute at most, by the object's limit or narrowed by the provider's 429s; absent without a limit.",
        lambda sample: sample.requests_per_minute,
    ),
    "realtime_operator_provider_needed_requests_per_minute": _Told(
        "Mints a minute that the rotations of its present sessions ask for.",
        lambda sample: sample.needed_per_minute,
    ),
    "realtime_operator_provider_clock_offset_seconds": _Told(
        "The provider's clock minus ours, as its Date headers tell.", lambda sample: sample.clock_offset
    ),
    "realtime_operator_provider_clock_uncertainty_seconds": _Told(
        "How far the true offset may be spread.", lambda sample: sample.clock_uncertainty
    ),
}


_CAPACITY: Final = "realtime_operator_capacity_ratio"


def provider_lines(samples: Sequence[ProviderSample]) -> Iterator[str]:
    """Give all families of single providers, as text."""
    for family, told in _PROVIDER_FAMILIES.items():
        yield f"# HELP {family} {told.help}\n# TYPE {family} gauge\n"
        for sample in samples:
            value = told.of(sample)
            if value is not None:
                yield f"{family}{{{_labels(sample)}}} {value!r}\n"


def capacity_lines(core: float | None, samples: Sequence[ProviderSample]) -> Iterator[str]:
    """One family: of the core that the operator has, and of each limit of each provider."""
    yield f"# HELP {_CAPACITY} Share of what there is that the present sessions' rotations need; beyond 1 tokens expire.\n"
    yield f"# TYPE {_CAPACITY} gauge\n"
    if core is not None:
        yield f'{_CAPACITY}{{resource="core",kind="",namespace="",name=""}} {core!r}\n'
    for sample in samples:
        shares = {"requestsPerMinute": sample.rate_share, "maxInFlight": sample.places_share}
        for resource, share in shares.items():
            if share is not None:
                yield f'{_CAPACITY}{{resource="{resource}",{_labels(sample)}}} {share!r}\n'


def _labels(sample: ProviderSample) -> str:
    return f'kind="{sample.kind}",namespace="{sample.namespace}",name="{sample.name}"'

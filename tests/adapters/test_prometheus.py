"""The metrics as a scraper reads them."""

from __future__ import annotations

import asyncio

from prometheus_client.parser import text_string_to_metric_families

from realtime_operator.adapters.prometheus import PrometheusMetrics, SessionSample
from realtime_operator.adapters.provider_metrics import ProviderSample

HOTEL = SessionSample("hotel", "concierge", 1764000600.0, 1764000400.0, ready=True)
EMPTY = SessionSample("hotel", "new", None, None, ready=False)


async def scraped(metrics: PrometheusMetrics) -> dict[tuple[str, ...], float]:
    """All samples of one scrape, by name and label values."""
    text = b"".join([piece async for piece in metrics.expose()]).decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_what_the_engine_counts() -> None:
    """Each call of the port moves its own series."""
    metrics = PrometheusMetrics(list, list)
    metrics.minted(reason="RotationDue")
    metrics.mint_failed(reason="ProviderUnavailable")
    metrics.mint_failed(reason="ProviderUnavailable")
    metrics.pass_failed(reason="ClusterUnavailable")
    metrics.mint_latency(0.15)
    metrics.lateness(-0.4)
    metrics.pod_notified(outcome="told")
    metrics.notified_within(0.04)
    metrics.held_after(2.5)
    got = await scraped(metrics)
    assert metrics.tokens == 1
    assert got["realtime_operator_mints_total", "success", "RotationDue"] == 1
    assert got["realtime_operator_mints_total", "failure", "ProviderUnavailable"] == 2
    assert got["realtime_operator_pass_errors_total", "ClusterUnavailable"] == 1
    assert got["realtime_operator_mint_duration_seconds_bucket", "0.1"] == 0
    assert got["realtime_operator_mint_duration_seconds_bucket", "0.2"] == 1
    assert got["realtime_operator_rotation_lateness_seconds_bucket", "-0.5"] == 0
    assert got["realtime_operator_rotation_lateness_seconds_bucket", "-0.2"] == 1
    assert got["realtime_operator_pod_notifications_total", "told"] == 1
    assert got["realtime_operator_pod_notification_seconds_bucket", "0.02"] == 0
    assert got["realtime_operator_pod_notification_seconds_bucket", "0.05"] == 1
    assert got["realtime_operator_token_held_seconds_bucket", "2.0"] == 0
    assert got["realtime_operator_token_held_seconds_bucket", "3.0"] == 1


async def test_each_session_has_its_series() -> None:
    """Expiry, rotation time and readiness come from the table as it is at scrape time; what is not known is left out."""
    table = [HOTEL]
    metrics = PrometheusMetrics(lambda: table, list)
    table.append(EMPTY)
    got = await scraped(metrics)
    prefix = "realtime_operator_session"
    assert got[f"{prefix}_expiration_timestamp_seconds", "hotel", "concierge"] == 1764000600.0
    assert got[f"{prefix}_rotation_timestamp_seconds", "hotel", "concierge"] == 1764000400.0
    assert got[f"{prefix}_ready", "hotel", "concierge"] == 1
    assert got[f"{prefix}_ready", "hotel", "new"] == 0
    assert (f"{prefix}_expiration_timestamp_seconds", "hotel", "new") not in got


async def test_each_provider_has_its_series() -> None:
    """Whether it is ready, down or throttled, its rate, and its clock; what is not known is left out."""
    known = ProviderSample("RealtimeProvider", "hotel", "default", False, True, True, 54.5, -7.25, 1.5)
    fresh = ProviderSample("ClusterRealtimeProvider", "", "new", True, False, False, None, None, None)
    got = await scraped(PrometheusMetrics(list, lambda: [known, fresh]))
    prefix, old, new = "realtime_operator_provider", known[:3], fresh[:3]
    assert [got[f"{prefix}_{name}", *old] for name in ("ready", "down", "throttled")] == [0, 1, 1]
    assert [got[f"{prefix}_{name}", *new] for name in ("ready", "down", "throttled")] == [1, 0, 0]
    assert got[f"{prefix}_requests_per_minute", *old] == 54.5
    assert got[f"{prefix}_clock_offset_seconds", *old] == -7.25
    assert got[f"{prefix}_clock_uncertainty_seconds", *old] == 1.5
    assert not [key for key in got if key[1:] == new and key[0].endswith(("minute", "seconds"))]


async def test_what_the_sessions_need_is_one_family() -> None:
    """Of the core and of each limit of each provider; a limit that there is not, and a core that was not measured, are left out."""
    limited = ProviderSample(
        *("RealtimeProvider", "hotel", "default", True, False, False, 60.0, None, None),
        needed_per_minute=90.0,
        rate_share=1.5,
        places_share=0.25,
    )
    free = ProviderSample(
        *("RealtimeProvider", "hotel", "free", True, False, False, None, None, None), places_share=0.5
    )
    got = await scraped(PrometheusMetrics(list, lambda: [limited, free], lambda: 0.75))
    family = "realtime_operator_capacity_ratio"
    assert {key[1:]: value for key, value in got.items() if key[0] == family} == {
        ("core", "", "", ""): 0.75,
        ("requestsPerMinute", *limited[:3]): 1.5,
        ("maxInFlight", *limited[:3]): 0.25,
        ("maxInFlight", *free[:3]): 0.5,
    }
    assert got["realtime_operator_provider_needed_requests_per_minute", *limited[:3]] == 90
    assert not any(key[0] == family for key in await scraped(PrometheusMetrics(list, list)))


async def test_the_process_describes_itself() -> None:
    """Build and process metrics are there, and nothing comes from the library's global registry."""
    got = await scraped(PrometheusMetrics(list, list))
    assert any(name == "realtime_operator_build_info" for name, *_ in got)
    assert got["process_resident_memory_bytes",] > 1_000_000
    assert not any(name.startswith("python_") for name, *_ in got)


async def test_a_large_scrape_lets_the_loop_turn() -> None:
    """Ten thousand sessions are all written, and other tasks run while they are."""
    many = [SessionSample("hotel", f"s{n}", float(n), float(n), ready=True) for n in range(10_000)]
    metrics = PrometheusMetrics(lambda: many, list)
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counter = asyncio.create_task(count_turns())
    got = await scraped(metrics)
    counter.cancel()
    assert sum(name == "realtime_operator_session_ready" for name, *_ in got) == len(many)
    assert turns > 100

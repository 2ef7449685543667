"""From what was measured to the figures that are reported; the names are the contract of the JSON line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bench.arithmetic import Figure, per
from bench.exposition import requests_of_operator, writes_in
from bench.meters import OPERATOR
from bench.run import Window
from bench.stage import API_SERVER, ETCD, PROVIDER
from bench.testimony import Evidence
from observer.figures import percentile

DIGITS: Final = 4
RATE_TOLERANCE: Final = 0.03
UNEVEN_ABOVE: Final = 0.15
OTHERS_ABOVE_PERCENT: Final = 15.0

MEANINGS: Final[Mapping[str, str]] = {
    "ready_p50_s": "from a creation's request to its token in the Secret, as the witness's watch shows it",
    "ready_p99_s": "",
    "ready_max_s": "",
    "all_ready_s": "from the first creation's request to the last token; in create and throttled",
    "rotations_per_s": "Secret writes that replaced a token",
    "needed_per_s": "what the sessions' own rotation times ask for",
    "unevenness": "of due moments when the window began: 0 even, 1 all at once",
    "lateness_p50_s": "replaced, as the witness's watch shows it, minus rotationTime; early is negative",
    "lateness_p99_s": "",
    "lateness_max_s": "",
    "alone_lateness_p50_s": "the same before a neighbour's provider began to hang; in noisy-neighbour",
    "alone_lateness_p99_s": "",
    "alone_lateness_max_s": "",
    "life_used_mean": "share of a token's life that was used when it was replaced",
    "expired_seconds": "over all sessions: time with an expired token in the Secret",
    "exposure_minimum_s": "the least of it that was possible: nothing could be minted in between",
    "exposure_over_minimum": "expired_seconds by that",
    "exposure_over_minimum_in_turns": "expired_seconds by the least that is possible with a provider's default places",
    "missing_seconds": "over all sessions: time without a token after the first one",
    "recovered_s": "from the provider's (or the operator's) return until no token is expired",
    "first_mint_s": "from the operator's new start to its first mint; in restart",
    "first_rotation_s": "from the same to the first due rotation's write, as the witness tells it, at most 0.5 s late",
    "refused_mints": "mints that the provider answered with 503, in outage, or with 429, in throttled",
    "refused_share_later": "share of all requests after the first minute; in throttled",
    "mints": "by the provider's ledger, in the window",
    "undue_mints": "mints that were not due, with nobody asking",
    "orphan_mints": "mints that never reached a Secret, those of the last 10 s not judged",
    "cut_short_mints": "the same where the session was deleted meanwhile, which is nobody's fault",
    "cpu_ms_per_rotation": "CPU time of the operator in the window by rotations, idle cost included",
    "cpu_ms_per_mint": "the same by mints: first ones and rotations",
    "cpu_percent": "share of one core that the operator had in the window",
    "idle_cpu_percent": "the same with no session at all, in a window of its own before the first one",
    "apiserver_cpu_ms_per_rotation": "of kube-apiserver; the witness's watch is a part",
    "etcd_cpu_ms_per_rotation": "",
    "provider_cpu_ms_per_rotation": "of the stand-in",
    "others_cpu_percent": "share of one core of all that is not the bench's: a busy machine spoils figures",
    "memory_mib": "RssAnon of the operator when the window ended",
    "memory_peak_mib": "the most of it, looked at every second",
    "memory_half_mib": "RssAnon when the second half of the window began; in soak",
    "memory_growth_percent": "from there to the end; in soak",
    "created_sessions": "created, given another request, deleted in the window; in churn",
    "changed_sessions": "",
    "deleted_sessions": "",
    "new_ready_p99_s": "from the creation of a new one to its token in the Secret; in churn",
    "changes_answered_p99_s": "from a change to a mint of the new request; in churn",
    "unanswered": "new and changed ones that got no token; in churn",
    "api_writes_per_rotation": "Secrets, statuses and events written, as kube-apiserver counts them; in churn the bench's own writes, too",
    "api_requests_per_s": "all requests about our kinds, Secrets and events, reads and writes, without watches",
    "watch_reconnects": "watches of the operator that ended and were begun anew",
    "window_s": "length of the window",
}
"""All figures of a run in the order of the table, with what they mean; one without words goes with that above it."""


@dataclass(slots=True)
class Seen:
    """All that one run brought.

    Attributes:
        created: by session: when its creation was sent, seconds since the epoch.
        ready: what the witness of the creation saw.
        during: what the witness of the window saw; in `create` the same.
        window: what was measured.
        idle_percent: of the operator before there were sessions.
        memory_mib: of the operator at the window's end.
        peak_mib: of the operator at any time.
        rotations: within the window.
        extra: figures of the scenario itself, and `mints`.
        details: what is kept in the results but not reported.
    """

    created: Mapping[str, float]
    ready: Evidence
    during: Evidence
    window: Window
    idle_percent: float | None
    memory_mib: float
    peak_mib: float
    rotations: int
    extra: dict[str, Figure] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)


def figures_of(seen: Seen) -> dict[str, Figure]:
    """Give every figure of `MEANINGS`; None where the scenario has none."""
    told, usage, rotations = seen.during.figures, seen.window.usage, seen.rotations
    waits = sorted(at - seen.created[name] for name, at in seen.ready.first_tokens.items())
    found: dict[str, Figure] = {
        "ready_p50_s": percentile(waits, 0.5),
        "ready_p99_s": percentile(waits, 0.99),
        "ready_max_s": percentile(waits, 1.0),
        "rotations_per_s": rotations / usage.seconds,
        "cpu_percent": usage.percent(OPERATOR),
        "idle_cpu_percent": seen.idle_percent,
        "others_cpu_percent": usage.others_percent(),
        "memory_mib": seen.memory_mib,
        "memory_peak_mib": seen.peak_mib,
        "api_writes_per_rotation": per(writes_in(seen.window.requests), rotations),
        "api_requests_per_s": requests_of_operator(seen.window.requests) / usage.seconds,
        "watch_reconnects": int(seen.window.watches),
        "window_s": usage.seconds,
    }
    for name in told:
        if name in MEANINGS:
            found[name] = told[name]
    for name, role in {"": OPERATOR, "apiserver_": API_SERVER, "etcd_": ETCD, "provider_": PROVIDER}.items():
        found[f"{name}cpu_ms_per_rotation"] = per(1000 * usage.cpu[role], rotations)
    found |= seen.extra
    found["cpu_ms_per_mint"] = per(1000 * usage.cpu[OPERATOR], found["mints"] or 0)
    return {name: rounded(found.get(name)) for name in MEANINGS}


def remarks_on(figures: Mapping[str, Figure], seen: Seen, *, is_even: bool) -> list[str]:
    """Say what a reader of the figures must know.

    Args:
        figures: of the run.
        seen: what they were made from.
        is_even: whether nothing happened to the sessions, so that they rotate as often as their plans say.
    """
    remarks = []
    needed, rate = figures["needed_per_s"], figures["rotations_per_s"]
    if is_even and needed and rate is not None and abs(rate / needed - 1) > RATE_TOLERANCE:
        remarks.append(
            f"rotations are not within 3 % of what is needed: {rate:.2f} of {needed:.2f} per second"
        )
    if (uneven := figures["unevenness"]) is not None and uneven > UNEVEN_ABOVE:
        remarks.append(f"due moments were not spread evenly: {uneven:.2f}")
    if (others := figures["others_cpu_percent"]) is not None and others > OTHERS_ABOVE_PERCENT:
        remarks.append(f"the machine was not quiet: others had {others:.0f} % of a core")
    before = seen.ready.figures
    names: Sequence[str] = ("expired_seconds", "missing_seconds", "undue_mints", "orphan_mints")
    if seen.ready is not seen.during:
        remarks += [f"before the window: {name} {before[name]}" for name in names if before[name]]
    if torn := seen.during.figures["torn"]:
        remarks.append(f"{torn} Secrets contradicted themselves or the ledger")
    return remarks


def rounded(value: Figure) -> Figure:
    """Leave no more digits than a figure has."""
    return round(value, DIGITS) if isinstance(value, float) else value

"""Whether all was as it should be. Pure: from what was seen to sentences, figures and the exit code."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from demo.samples import Sample
from demo.sessions import SessionState
from observer import Figures, SessionRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was seen, from the moment the sessions were applied to the end.

    Attributes:
        figures: of the observer; None if it could not testify.
        findings: the observer's sentences on what it found wrong.
        rows: the sessions as the observer saw them.
        states: the sessions' own words at the end, by name.
        ended_at: the end, seconds since the epoch on the observer's clock.
        has_ledger: whether the provider tells what it minted.
        troubles: sentences on what broke: processes that died, things that did not start.
    """

    figures: Figures | None = None
    findings: Sequence[str] = ()
    rows: Sequence[SessionRow] = ()
    states: Mapping[str, SessionState] = field(default_factory=dict)
    ended_at: float = 0.0
    has_ledger: bool = True
    troubles: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result.

    Attributes:
        complaints: sentences on what is wrong; none if all is as it should be.
        line: the figures as one line of JSON.
    """

    complaints: Sequence[str]
    line: str

    @property
    def exit_code(self) -> int:
        """0 if all is as it should be, else 1."""
        return 1 if self.complaints else 0


def judge(samples: Sequence[Sample], outcome: Outcome) -> Verdict:
    """Compare what was seen with what the samples promise."""
    complaints = list(outcome.troubles)
    if outcome.figures is not None:
        for sample in samples:
            complaints += _refused(sample, outcome) if sample.refusal else _kept(sample, outcome)
        complaints += [*_observed(outcome.figures), *outcome.findings]
    elif not complaints:
        complaints = ["the observer saw nothing"]
    return Verdict(complaints, json.dumps(_figures(samples, outcome), separators=(",", ":")))


def _kept(sample: Sample, outcome: Outcome) -> list[str]:
    """What is wrong with a session that has to have a token at any time."""
    state, row = _state(sample, outcome), _row(sample, outcome)
    if state is None or row is None:
        return [f"{sample.name}: the session was never seen"]
    if state.ready != "True":
        return [f"{sample.name} is not ready: {state.reason}. {state.message}".rstrip()]
    if row.first_token_at is None:
        return [f"{sample.name} says that it is ready, but no Secret of it was ever seen with a token"]
    held = outcome.ended_at - row.first_token_at
    least = sample.least_rotations(held)
    if row.rotations < least:
        due = f"with {sample.lifetime:.0f} s of life it should have been {least} times at least"
        return [f"{sample.name} was rotated {row.rotations} times in {held:.0f} s: {due}"]
    return []


def _refused(sample: Sample, outcome: Outcome) -> list[str]:
    """What is wrong with a session that the provider refuses."""
    state, row = _state(sample, outcome), _row(sample, outcome)
    if state is None:
        return [f"{sample.name}: the session was never seen"]
    complaints = []
    if not state.stalled or state.reason != sample.refusal or state.ready != "False":
        complaints.append(
            f"{sample.name} should be Stalled with reason {sample.refusal}, because the provider refuses it;"
            f" it says Ready={state.ready}, Stalled={state.stalled}, {state.reason}"
        )
    if row is not None and row.first_token_at is not None:
        complaints.append(f"{sample.name} got a token, although the provider refuses it")
    return complaints


def _observed(figures: Figures) -> list[str]:
    """What the observer found wrong."""
    found = {
        f"tokens were expired for {figures.expired_seconds:.3f} s in their Secrets": figures.expired_seconds,
        f"tokens were missing for {figures.missing_seconds:.3f} s": figures.missing_seconds,
        f"{figures.undue_mints} mints were not due": figures.undue_mints,
        f"{figures.orphan_mints} mints never reached a Secret": figures.orphan_mints,
        f"{figures.torn} Secrets contradicted themselves or the provider": figures.torn,
    }
    nothing = [] if figures.observations else ["the observer never saw a Secret"]
    return nothing + [sentence for sentence, count in found.items() if count]


def _figures(samples: Sequence[Sample], outcome: Outcome) -> dict[str, int | float]:
    figures = outcome.figures
    ready = [sample for sample in samples if _is_ready(_state(sample, outcome))]
    return {
        "sessions": figures.sessions if figures else 0,
        "expected_ready": sum(not sample.refusal for sample in samples),
        "ready": len(ready),
        "mints": _mints(outcome),
        "rotations": figures.rotations if figures else 0,
        "expired_seconds": round(figures.expired_seconds, 3) if figures else 0.0,
        "missing_seconds": round(figures.missing_seconds, 3) if figures else 0.0,
        "undue_mints": figures.undue_mints if figures else 0,
        "observations": figures.observations if figures else 0,
    }


def _mints(outcome: Outcome) -> int:
    """Mints as the provider tells them; a live one does not, so then those whose tokens were seen."""
    if outcome.figures is None:
        return 0
    if outcome.has_ledger:
        return outcome.figures.mints
    return outcome.figures.rotations + sum(row.first_token_at is not None for row in outcome.rows)


def _is_ready(state: SessionState | None) -> bool:
    return state is not None and state.ready == "True"


def _state(sample: Sample, outcome: Outcome) -> SessionState | None:
    return outcome.states.get(sample.name)


def _row(sample: Sample, outcome: Outcome) -> SessionRow | None:
    return next((row for row in outcome.rows if row.name == sample.name), None)

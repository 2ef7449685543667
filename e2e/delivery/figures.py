"""What a run found, and whether it holds."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from typing import Final

READS_A_MINUTE: Final = 20_000  # of the first group: 300,000 in a quarter of an hour
P50_S: Final = 0.3
P99_S: Final = 1.0
CROWD_S: Final = 3.0
"""In a full run, which has the machine for itself. The gate's short one may share its cores: seconds may be as many times more as
processes wait for each core."""

FULL_MINUTES: Final = 15.0


@dataclass
class Figures:
    """The line of JSON that a run ends with. None: not got to. Seconds are from a Secret's write to the file in the pod.

    Attributes:
        cluster: node or kind.
        minutes: how long the first group was to be read.
        reads: of the first group: tokens of 60 s, PodAnnotation, 4 sessions with 5 pods each.
        expired_reads: of these.
        failed_reads: of all pods: there was nothing to read.
        secret_to_file_p50_s: of the first group.
        secret_to_file_p99_s: of the first group.
        load_per_core: processes that ran or waited for each core meanwhile, of whomever; in a short run what takes seconds is judged by it.
        arrivals: how many times a token arrived in a file of the first group.
        started: pods that were started across the moment of a rotation.
        started_after: those of them whose first token was already the next one.
        started_expired_reads: expired reads of these.
        untold_reads: of pods like the first group's that nobody tells, at the same time.
        untold_expired_reads: of these; there have to be some.
        kubelet_short_expired_share: of reads, with tokens of 60 s and Kubelet propagation.
        kubelet_short_says: what condition Delivered says there.
        kubelet_kept_lifetime: a life that Kubelet propagation can keep: 200 s, in a short run 120 s.
        kubelet_kept_reads: of pods with such tokens.
        kubelet_kept_expired_reads: of these.
        faults: what was done to pods with tokens of 120 s in their middle.
        fault_reads: of these pods.
        fault_expired_reads: of these.
        fault_rotations: tokens that arrived in a file there.
        crowd_pods: pods of one session.
        crowd_s: from its Secret's write until the last of them was told.
        crowd_writes: of the API server for that rotation.
        sidecar_starts: of the program of examples/env-sidecar, with one rotation.
        sidecar_restarts: of containers there and in examples/reporter.
        reporter_confirmed: pods that the session of examples/reporter counts as holding its token, of one.
        off_seconds: how long the first group's pods read on once the feature was switched off; 0 in a short run.
        off_expired_reads: of these reads; there have to be some.
        off_says: what condition Delivered says then.
        pods_status: of the first group's sessions: what each says of its pods.
        undelivered: sessions of the first group whose condition Delivered was False, with its message.
        restarts: of the operator.
        image_mb: the image above its base; None where it was not built by this run.
        seconds: the whole run.
    """

    cluster: str
    minutes: float
    reads: int | None = None
    expired_reads: int | None = None
    failed_reads: int | None = None
    secret_to_file_p50_s: float | None = None
    secret_to_file_p99_s: float | None = None
    load_per_core: float = 1.0
    arrivals: int | None = None
    started: int | None = None
    started_after: int | None = None
    started_expired_reads: int | None = None
    untold_reads: int | None = None
    untold_expired_reads: int | None = None
    kubelet_short_expired_share: float | None = None
    kubelet_short_says: str | None = None
    kubelet_kept_lifetime: int | None = None
    kubelet_kept_reads: int | None = None
    kubelet_kept_expired_reads: int | None = None
    faults: list[str] = field(default_factory=list)
    fault_reads: int | None = None
    fault_expired_reads: int | None = None
    fault_rotations: int | None = None
    crowd_pods: int | None = None
    crowd_s: float | None = None
    crowd_writes: int | None = None
    sidecar_starts: int | None = None
    sidecar_restarts: int | None = None
    reporter_confirmed: int | None = None
    off_seconds: float = 0.0
    off_expired_reads: int | None = None
    off_says: str | None = None
    pods_status: list[str] = field(default_factory=list)
    undelivered: list[str] = field(default_factory=list)
    restarts: int | None = None
    image_mb: float | None = None
    seconds: float | None = None

    @property
    def reads_wanted(self) -> int:
        """How often the first group has to read."""
        return int(READS_A_MINUTE * self.minutes)

    @property
    def _patience(self) -> float:
        return 1.0 if self.minutes >= FULL_MINUTES else max(1.0, self.load_per_core)

    def count_failed(self, reads: int) -> None:
        """Add reads that found nothing."""
        self.failed_reads = (self.failed_reads or 0) + reads

    def complaints(self) -> list[str]:
        """Give a sentence for everything that does not hold."""
        return [*self._of_tokens_told(), *self._of_the_rest(), *self._of_what_must_fail()]

    def _of_tokens_told(self) -> list[str]:
        found = [
            f"{which}: {count} expired reads"
            for which, count in {
                "tokens of 60 s": self.expired_reads,
                "pods started across a rotation": self.started_expired_reads,
                f"tokens of {self.kubelet_kept_lifetime} s under Kubelet": self.kubelet_kept_expired_reads,
                f"tokens of 120 s ({', '.join(self.faults)})": self.fault_expired_reads,
            }.items()
            if count != 0
        ]
        if (self.reads or 0) < self.reads_wanted:
            found.append(f"the pods read {self.reads} times, {self.reads_wanted} were wanted")
        if self.failed_reads != 0:
            found.append(f"there was nothing to read {self.failed_reads} times")
        for name, seconds, most in (
            ("p50", self.secret_to_file_p50_s, P50_S),
            ("p99", self.secret_to_file_p99_s, P99_S),
        ):
            if seconds is None or not seconds <= most * self._patience:
                found.append(f"Secret to file {name} is {seconds} s, {most * self._patience:.1f} at most")
        return found

    def _of_the_rest(self) -> list[str]:
        found = [f"Delivered is False: {message}" for message in self.undelivered]
        if not self.started or not 0 < (self.started_after or 0) < self.started:
            found.append(f"of {self.started} started pods {self.started_after} began with the next token")
        if not self.fault_rotations:
            found.append("no token of 120 s was replaced while something was wrong")
        if self.crowd_s is None or self.crowd_s > CROWD_S * self._patience:
            found.append(
                f"{self.crowd_pods} pods were told within {self.crowd_s} s, {CROWD_S * self._patience:.1f} at most"
            )
        if self.crowd_pods is None or self.crowd_writes is None or self.crowd_writes > self.crowd_pods + 2:
            found.append(
                f"a rotation with {self.crowd_pods} pods took {self.crowd_writes} writes, pods + 2 at most"
            )
        if (self.sidecar_starts, self.sidecar_restarts) != (2, 0):
            found.append(
                f"with one rotation the program of examples/env-sidecar was started {self.sidecar_starts} times,"
                f" containers anew {self.sidecar_restarts} times"
            )
        if self.reporter_confirmed != 1:
            found.append(f"examples/reporter: {self.reporter_confirmed} pods confirmed, of one")
        return found

    def _of_what_must_fail(self) -> list[str]:
        found = []
        if not self.untold_expired_reads:
            found.append("pods that nobody told read no expired token: this run could not have failed")
        if self.off_seconds and not self.off_expired_reads:
            found.append("with the feature off no token expired in a file: this run could not have failed")
        if not self.kubelet_short_expired_share:
            found.append(
                "tokens of 60 s under Kubelet never expired in a file: this run could not have failed"
            )
        if "114" not in (self.kubelet_short_says or ""):
            found.append(f"Delivered says of 60 s under Kubelet: {self.kubelet_short_says}")
        if "podAnnotation.enabled" not in (self.off_says or ""):
            found.append(f"Delivered says with the feature off: {self.off_says}")
        return found

    def line(self) -> str:
        """Give the line of JSON."""
        return json.dumps({name: _shown(value) for name, value in asdict(self).items()})


def _shown(value: object) -> object:
    if isinstance(value, float):
        return round(value, 3) if math.isfinite(value) else None
    return value

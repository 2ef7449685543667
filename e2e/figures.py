"""What a run found, and whether it holds."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Final

MEMORY_MIB: Final = 60.0
IMAGE_MB: Final = 120.0
SECRETS_GONE_S: Final = 5.0
ROTATIONS: Final = 2


@dataclass
class Figures:
    """The line of JSON that a run ends with. None: not got to.

    Attributes:
        cluster: node, kind or existing.
        install_s: from `helm install` to a ready operator.
        apply_to_file_s: from `kubectl apply` of a session and its pod to a token readable in the pod's file.
        rotate_to_file_s: from a rotate annotation to the next token in the file, one for each asked for.
        rotations: replaced tokens that the pod saw in its file.
        reads: how often the pod read the file.
        expired_reads: how often what it read had expired.
        failed_reads: how often there was nothing to read.
        memory_mib: the operator's anonymous memory in its pod, idle.
        image_mb: the image above its base, uncompressed; None where it was not built by this run.
        examples: sessions of examples/ that got ready.
        upgraded_from: the commit of the older chart.
        secrets_gone_s: from deleted sessions to their Secrets gone.
        left_over: objects that are there after the uninstall and were not before, but for the CRDs.
        undue: sessions whose token was replaced before its time, by an upgrade and the like.
        restarts: of the consumer.
        seconds: the whole run.
    """

    cluster: str
    install_s: float | None = None
    apply_to_file_s: float | None = None
    rotate_to_file_s: list[float] = field(default_factory=list)
    rotations: int | None = None
    reads: int | None = None
    expired_reads: int | None = None
    failed_reads: int | None = None
    memory_mib: float | None = None
    image_mb: float | None = None
    examples: int | None = None
    upgraded_from: str | None = None
    secrets_gone_s: float | None = None
    left_over: list[str] = field(default_factory=list)
    undue: list[str] = field(default_factory=list)
    restarts: int | None = None
    seconds: float | None = None

    def complaints(self) -> list[str]:
        """Give a sentence for everything that does not hold."""
        found = []
        if self.expired_reads != 0:
            found.append(f"the pod read an expired token {self.expired_reads} times of {self.reads}")
        if self.failed_reads != 0:
            found.append(f"the pod found nothing to read {self.failed_reads} times of {self.reads}")
        if self.rotations is None or self.rotations < ROTATIONS:
            found.append(f"the pod saw {self.rotations} rotations in its file, at least {ROTATIONS} were due")
        if self.memory_mib is None or self.memory_mib >= MEMORY_MIB:
            found.append(
                f"the operator has {self.memory_mib} MiB of anonymous memory, not below {MEMORY_MIB:.0f}"
            )
        if self.image_mb is not None and self.image_mb >= IMAGE_MB:
            found.append(f"the image is {self.image_mb} MB above its base, not below {IMAGE_MB:.0f}")
        if self.secrets_gone_s is None or self.secrets_gone_s > SECRETS_GONE_S:
            found.append(
                f"Secrets stayed {self.secrets_gone_s} s after their sessions, {SECRETS_GONE_S:.0f} at most"
            )
        if self.left_over:
            found.append(f"the uninstall left {', '.join(self.left_over)}")
        if self.undue:
            found.append(f"tokens were replaced before their time: {', '.join(self.undue)}")
        if self.restarts != 0:
            found.append(f"the consumer was started anew {self.restarts} times")
        return found

    def line(self) -> str:
        """Give the line of JSON."""
        return json.dumps(
            {
                name: round(value, 1) if isinstance(value, float) else value
                for name, value in asdict(self).items()
            }
        )

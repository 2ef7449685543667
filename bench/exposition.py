"""What kube-apiserver counted: requests by verb and resource, from its metrics in Prometheus' text format."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

FAMILY: Final = "apiserver_request_total"
RESOURCES: Final = frozenset(
    {"secrets", "realtimesessions", "realtimeproviders", "clusterrealtimeproviders", "events"}
)
"""What the operator has to do with. The metrics name no user: in the window only the operator writes these."""

WRITES: Final = frozenset({"POST", "PUT", "PATCH", "APPLY", "DELETE"})
SAMPLE: Final = re.compile(r"^(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)(?: -?\d+)?$")
LABEL: Final = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

Counts = Mapping[str, float]
"""By verb and what it was about, as in ``PATCH realtimesessions/status``."""


def requests_in(metrics: str) -> Counts:
    """Count the requests about our resources."""
    counts: defaultdict[str, float] = defaultdict(float)
    for line in metrics.splitlines():
        if not line.startswith(FAMILY) or (sample := SAMPLE.match(line)) is None or sample["name"] != FAMILY:
            continue
        labels = dict(LABEL.findall(sample["labels"] or ""))
        if labels.get("resource") in RESOURCES:
            part = f"/{labels['subresource']}" if labels.get("subresource") else ""
            counts[f"{labels.get('verb', '')} {labels['resource']}{part}"] += float(sample["value"])
    return counts


def since(before: Counts, after: Counts) -> dict[str, float]:
    """What was counted between two readings of one server, without what stood still.

    A server that was started in between counts from zero: then all of the later reading is new.
    """
    grown = {
        name: value - before.get(name, 0.0) if value >= before.get(name, 0.0) else value
        for name, value in after.items()
    }
    return {name: value for name, value in sorted(grown.items()) if value}


def writes_in(counts: Counts) -> float:
    """How many of the requests were writes."""
    return sum(value for name, value in counts.items() if name.partition(" ")[0] in WRITES)

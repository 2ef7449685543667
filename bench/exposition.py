"""What kube-apiserver counted: requests by verb and resource, from its metrics in Prometheus' text format."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
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
    for labels, value in _samples(metrics):
        part = f"/{labels['subresource']}" if labels.get("subresource") else ""
        counts[f"{labels.get('verb', '')} {labels['resource']}{part}"] += value
    return counts


def watches_ended_in(metrics: str) -> float:
    """Count the watches of our resources in all namespaces that have ended: the operator's, for a witness watches one namespace."""
    return sum(
        value
        for labels, value in _samples(metrics)
        if (labels.get("verb"), labels.get("scope")) == ("WATCH", "cluster")
    )


def _samples(metrics: str) -> Iterator[tuple[dict[str, str], float]]:
    """Give labels and value of each count of requests about our resources; a watch counts when it ends."""
    for line in metrics.splitlines():
        if not line.startswith(FAMILY) or (sample := SAMPLE.match(line)) is None or sample["name"] != FAMILY:
            continue
        labels = dict(LABEL.findall(sample["labels"] or ""))
        if labels.get("resource") in RESOURCES:
            yield labels, float(sample["value"])


def since(before: Counts, after: Counts) -> dict[str, float]:
    """What was counted between two readings of one server, without what stood still.

    A server that was started in between counts from zero: then all of the later reading is new.
    """
    grown = {
        name: value - before.get(name, 0.0) if value >= before.get(name, 0.0) else value
        for name, value in after.items()
    }
    return {name: value for name, value in sorted(grown.items()) if value}


def by_verb(counts: Counts) -> dict[str, float]:
    """Add requests up over what they were about."""
    found: defaultdict[str, float] = defaultdict(float)
    for name, value in counts.items():
        found[name.partition(" ")[0]] += value
    return dict(sorted(found.items()))


def requests_of_operator(counts: Counts) -> float:
    """How many requests there were but watches, of which only the end is counted."""
    return sum(value for verb, value in by_verb(counts).items() if verb != "WATCH")


def writes_in(counts: Counts) -> float:
    """How many of the requests were writes."""
    return sum(value for name, value in counts.items() if name.partition(" ")[0] in WRITES)

"""What the delivery suite makes of logs, watches and metrics, and what it must show to pass."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from e2e.delivery.crowd import counted
from e2e.delivery.figures import Figures
from e2e.delivery.readings import Reading, delays, quantile, readings_in, totals
from e2e.delivery.told import Told
from e2e.pod import Seen

NOON = "2026-11-28T12:00:"
NOON_SECONDS = 1795867200.0


def _line(pod: str, second: float, event: str, **more: object) -> str:
    counts = {"reads": 10, "expired_reads": 1, "failed_reads": 0}
    return f"[pod/{pod}/reader] {NOON}{second:012.9f}Z {json.dumps({'event': event, **counts, **more})}"


def _reading(pod: str, until: float = 1000.0, **first: float) -> Reading:
    return Reading(pod, Seen(list(first), 0, 0, 0), first, until)


def test_logs_of_several_pods_are_told_apart() -> None:
    """By the prefix that kubectl gives; the time is the node's, to a fraction of a second; what is no JSON is passed over."""
    log = "\n".join(
        [
            _line("told-0-1", 1.25, "token", token_id="a"),
            _line("told-1-0", 2.5, "token", token_id="x"),
            f"[pod/told-1-0/reader] {NOON}03Z Traceback",
            _line("told-0-1", 4.0, "token", token_id="b", reads=30, expired_reads=2),
            _line("told-0-1", 9.0, "counts", reads=40, expired_reads=2),
            "error: of kubectl",
        ]
    )
    first, second = readings_in(log)
    assert (first.pod, first.session, second.session) == ("told-0-1", "told-0", "told-1")
    assert first.first == {"a": NOON_SECONDS + 1.25, "b": NOON_SECONDS + 4.0}
    assert (first.seen.token_ids, first.seen.reads, first.until) == (["a", "b"], 40, NOON_SECONDS + 9.0)
    assert (totals([first, second]).reads, totals([first, second]).expired) == (50, 3)
    assert readings_in("") == []


def test_a_delay_is_counted_for_each_pod_that_was_there() -> None:
    """From the Secret's write to the pod's first sight; not for what was there before the pod's first token, nor for other sessions."""
    writes = [Told(1.0, "told-0", "a"), Told(40.0, "told-0", "b"), Told(41.0, "told-1", "y")]
    readings = [
        _reading("told-0-0", a=5.0, b=40.25),
        _reading("told-0-1", a=5.0, b=40.5),
        _reading("told-0-2", b=42.0),
    ]
    assert delays(readings, writes, since=0, until=100) == [0.25, 0.5]
    assert delays(readings, writes, since=40.0, until=100) == []


def test_a_token_that_never_arrived_is_an_endless_delay() -> None:
    """Unless the pod said its last before it could have seen it."""
    writes = [Told(1.0, "told-0", "a"), Told(40.0, "told-0", "b")]
    assert delays([_reading("told-0-0", a=2.0)], writes, since=0, until=100) == [math.inf]
    assert delays([_reading("told-0-0", until=44.0, a=2.0)], writes, since=0, until=100) == []
    assert delays([_reading("told-0-0", a=2.0)], writes, since=0, until=30) == []


@pytest.mark.parametrize(("share", "value"), [(0.5, 2.0), (0.51, 3.0), (0.75, 3.0), (0.99, 4.0), (1.0, 4.0)])
def test_a_quantile_is_a_value_that_occurred(share: float, value: float) -> None:
    """The smallest one that covers the share."""
    assert quantile([4.0, 1.0, 3.0, 2.0], share) == value
    assert quantile([], share) is None


def test_only_writes_of_a_rotation_are_counted() -> None:
    """Of Secrets, pods and statuses, carried out, whoever asked; what a kubelet says of its pods is another subresource."""
    line = 'apiserver_request_total{{code="{}",resource="{}",subresource="{}",verb="{}",version="v1"}} {}'
    metrics = "\n".join(
        [
            "# HELP apiserver_request_total Requests.",
            line.format(200, "secrets", "", "PUT", 2),
            line.format(200, "secrets", "", "PATCH", 1),
            line.format(200, "pods", "", "PATCH", "3e+02"),
            line.format(200, "realtimesessions", "status", "PATCH", 4),
            line.format(200, "pods", "status", "PATCH", 1000),
            line.format(404, "pods", "", "PATCH", 1000),
            line.format(200, "secrets", "", "GET", 1000),
            line.format(200, "realtimesessions", "", "PATCH", 1000),
            'apiserver_requested_deprecated_apis{code="200"} 1000',
        ]
    )
    assert counted(metrics) == 307


GOOD = Figures(
    cluster="node",
    minutes=15.0,
    reads=340_000,
    expired_reads=0,
    failed_reads=0,
    secret_to_file_p50_s=0.2,
    secret_to_file_p99_s=0.4,
    arrivals=400,
    started=50,
    started_after=20,
    started_expired_reads=0,
    untold_reads=85_000,
    untold_expired_reads=30_000,
    kubelet_short_expired_share=0.4,
    kubelet_short_says="False LifetimeTooShort: set lifetimeSeconds to 114 or more",
    kubelet_kept_lifetime=200,
    kubelet_kept_reads=80_000,
    kubelet_kept_expired_reads=0,
    faults=["down", "killed"],
    fault_reads=40_000,
    fault_expired_reads=0,
    fault_rotations=18,
    crowd_pods=300,
    crowd_s=1.5,
    crowd_writes=302,
    sidecar_starts=2,
    sidecar_restarts=0,
    reporter_confirmed=1,
    off_seconds=180.0,
    off_expired_reads=30_000,
    off_says="False: switch it on by podAnnotation.enabled=true",
)

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "an expired read": ({"expired_reads": 1}, "tokens of 60 s: 1 expired reads"),
    "one of a pod that was started": (
        {"started_expired_reads": 2},
        "pods started across a rotation: 2 expired",
    ),
    "one under Kubelet": (
        {"kubelet_kept_expired_reads": 3},
        "tokens of 200 s under Kubelet: 3 expired reads",
    ),
    "one after a fault": ({"fault_expired_reads": 4}, "tokens of 120 s (down, killed): 4 expired reads"),
    "not got to": ({"expired_reads": None}, "tokens of 60 s: None expired reads"),
    "too few reads": ({"reads": 299_999}, "the pods read 299999 times, 300000 were wanted"),
    "nothing to read": ({"failed_reads": 1}, "there was nothing to read 1 times"),
    "slow": ({"secret_to_file_p50_s": 0.31}, "Secret to file p50 is 0.31 s, 0.3 at most"),
    "slow at times": ({"secret_to_file_p99_s": math.inf}, "Secret to file p99 is inf s, 1.0 at most"),
    "nothing arrived": ({"secret_to_file_p99_s": None}, "Secret to file p99 is None s"),
    "all started before": ({"started_after": 0}, "of 50 started pods 0 began with the next token"),
    "all started after": ({"started_after": 50}, "of 50 started pods 50 began with the next token"),
    "no rotation in trouble": ({"fault_rotations": 0}, "no token of 120 s was replaced"),
    "a slow crowd": ({"crowd_s": 3.1}, "300 pods were told within 3.1 s, 3.0 at most"),
    "a costly crowd": ({"crowd_writes": 303}, "took 303 writes, pods + 2 at most"),
    "a program that kept its environment": ({"sidecar_starts": 1}, "was started 1 times"),
    "a container made anew": ({"sidecar_restarts": 1}, "containers anew 1 times"),
    "no report": ({"reporter_confirmed": 0}, "0 pods confirmed, of one"),
    "undelivered": (
        {"undelivered": ["told-0: False PodsBehind"]},
        "Delivered is False: told-0: False PodsBehind",
    ),
    "untold and fresh": ({"untold_expired_reads": 0}, "this run could not have failed"),
    "off and fresh": ({"off_expired_reads": 0}, "this run could not have failed"),
    "short and fresh": ({"kubelet_short_expired_share": 0.0}, "this run could not have failed"),
    "no arithmetic": ({"kubelet_short_says": "False: too short"}, "Delivered says of 60 s under Kubelet"),
    "off in silence": ({"off_says": None}, "Delivered says with the feature off: None"),
}


def test_a_run_in_which_all_holds_has_nothing_to_complain_of() -> None:
    """And its line has the figures that others read."""
    assert GOOD.complaints() == []
    line = json.loads(GOOD.line())
    assert (line["reads"], line["expired_reads"]) == (340_000, 0)
    assert (line["secret_to_file_p50_s"], line["secret_to_file_p99_s"]) == (0.2, 0.4)


@pytest.mark.parametrize(("changed", "says"), WRONG.values(), ids=WRONG)
def test_whatever_does_not_hold_is_said(changed: dict[str, Any], says: str) -> None:
    """One sentence, with the figure and the bound."""
    (complaint,) = replace(GOOD, **changed).complaints()
    assert says in complaint


def test_a_run_that_was_cut_short_holds_nothing() -> None:
    """What was not got to does not pass, and the line is JSON all the same."""
    empty = Figures("node", minutes=1.0)
    assert len(empty.complaints()) > 10
    assert json.loads(replace(empty, secret_to_file_p99_s=math.inf).line())["secret_to_file_p99_s"] is None


def test_a_short_run_on_a_busy_machine_may_take_longer_and_no_other() -> None:
    """By as much as processes wait for its cores; what has expired has expired all the same."""
    slow = replace(GOOD, minutes=0.8, secret_to_file_p50_s=0.5, secret_to_file_p99_s=1.9, crowd_s=5.0)
    assert len(replace(slow, minutes=15.0, reads=300_000, load_per_core=9.0).complaints()) == 3
    assert replace(slow, load_per_core=2.0).complaints() == []
    assert len(replace(slow, load_per_core=0.2).complaints()) == 3
    assert replace(slow, load_per_core=9.0, expired_reads=1).complaints() == [
        "tokens of 60 s: 1 expired reads"
    ]


def test_a_shorter_run_reads_less_often() -> None:
    """In proportion."""
    assert replace(GOOD, minutes=1.5, reads=30_000).complaints() == []


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ({"SUITE": "instal"}, "SUITE=instal: there are install, delivery"),
        ({"SUITE": "delivery", "MINUTES": "long"}, "MINUTES=long"),
    ],
)
def test_a_suite_that_there_is_not_is_refused_before_anything_is_built(
    setting: dict[str, str], says: str
) -> None:
    """With what there is."""
    done = subprocess.run(
        [sys.executable, "-m", "e2e"],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"CLUSTER": "node"} | setting,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert says in done.stderr

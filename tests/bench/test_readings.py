"""What the bench reads of processes, of the machine and of kube-apiserver's metrics."""

from __future__ import annotations

import os

import pytest

from bench import procfs
from bench.exposition import by_verb, requests_in, requests_of_operator, since, watches_ended_in, writes_in
from bench.meters import OPERATOR, Meters, Reading
from bench.yardstick import yardstick

STAT = "4242 (a (strange) name) S 1 4242 4242 0 -1 4194560 5 0 0 0 250 50 7 7 20 0 9 0 1234 99 88"
METRICS = """\
# HELP apiserver_request_total Counter of requests.
# TYPE apiserver_request_total counter
apiserver_request_total{code="200",group="",resource="secrets",scope="resource",subresource="",verb="PATCH"} 7
apiserver_request_total{code="409",group="",resource="secrets",scope="resource",subresource="",verb="PATCH"} 1
apiserver_request_total{code="200",group="g",resource="realtimesessions",subresource="status",verb="PATCH"} 5e+00
apiserver_request_total{code="200",group="",resource="secrets",scope="resource",subresource="",verb="GET"} 2
apiserver_request_total{code="200",group="",resource="pods",scope="resource",subresource="",verb="PATCH"} 40
apiserver_request_total_of_something_else{resource="secrets",verb="PATCH"} 3
apiserver_request_terminations_total{resource="secrets",verb="PATCH"} 3
"""


def test_cpu_time_is_read_behind_a_name_with_brackets() -> None:
    """User and system time count, those of ended children do not; a name may hold anything."""
    assert procfs.cpu_seconds_in(STAT) == pytest.approx(300 / procfs.TICKS_PER_SECOND)


def test_anonymous_memory_is_read_in_mebibytes() -> None:
    """RssAnon, and not what is mapped from files."""
    status = "Name:\tpython\nVmRSS:\t  90000 kB\nRssAnon:\t   52224 kB\nRssFile:\t   30000 kB\n"
    assert procfs.anonymous_mib_in(status) == 51.0
    with pytest.raises(ValueError, match="RssAnon"):
        procfs.anonymous_mib_in("Name:\tpython\nState:\tZ (zombie)\n")


def test_the_yardstick_measures_something() -> None:
    """No part of it is optimised away: out of order memory is slower than an addition, and all take time."""
    found = yardstick()
    assert found.keys() == {"memory_ns", "addition_ns", "json_ms"}
    assert all(value > 0 for value in found.values())
    assert found["memory_ns"] > found["addition_ns"]


def test_a_machine_is_busy_with_what_is_neither_idle_nor_stolen() -> None:
    """User, nice, system and interrupts count; idle, waiting, stolen and a guest's time (counted already) do not."""
    stat = "cpu  100 20 30 5000 600 7 3 900 50 5\ncpu0 1 1 1 1 1 1 1 1 1 1\n"
    assert procfs.busy_seconds_in(stat) == pytest.approx(160 / procfs.TICKS_PER_SECOND)


def test_this_process_can_be_read() -> None:
    """The real files have what is looked for."""
    assert procfs.cpu_seconds(os.getpid()) > 0
    assert procfs.anonymous_mib(os.getpid()) > 1
    assert procfs.busy_seconds() >= procfs.cpu_seconds(os.getpid())


def test_usage_is_the_difference_of_two_readings() -> None:
    """A role that came in between counts from zero; what the machine did besides belongs to others."""
    usage = Reading(100.0, {"etcd": 2.0}, 50.0).until(Reading(110.0, {"etcd": 3.0, OPERATOR: 0.5}, 56.5))
    assert usage.percent("etcd") == pytest.approx(10)
    assert usage.percent(OPERATOR) == pytest.approx(5)
    assert usage.others_percent() == pytest.approx(50)


def test_a_role_keeps_what_its_ended_processes_used() -> None:
    """After a restart the first operator's time still counts."""
    meters = Meters()
    meters.follow(OPERATOR, os.getpid())
    meters.look()
    used = meters.read().cpu[OPERATOR]
    meters.settle(OPERATOR, os.getpid())
    assert meters.read().cpu[OPERATOR] >= used > 0
    assert meters.peak_mib == meters.memory_mib > 1


def test_requests_are_counted_by_verb_and_resource_of_ours() -> None:
    """Answers of any code add up; other resources and other families do not count."""
    assert requests_in(METRICS) == {
        "PATCH secrets": 8,
        "PATCH realtimesessions/status": 5,
        "GET secrets": 2,
    }


def test_watches_of_all_namespaces_are_the_operators() -> None:
    """A witness watches one namespace, and is not counted."""
    line = 'apiserver_request_total{{resource="secrets",scope="{}",subresource="",verb="WATCH"}} {}\n'
    assert watches_ended_in(METRICS + line.format("cluster", 3) + line.format("namespace", 5)) == 3


def test_requests_are_added_up_by_verb() -> None:
    """Whatever they were about; a watch is no request of its own when it ends."""
    counts = {
        "PATCH secrets": 3.0,
        "PATCH realtimesessions/status": 2.0,
        "GET secrets": 4.0,
        "WATCH secrets": 1.0,
    }
    assert by_verb(counts) == {"GET": 4, "PATCH": 5, "WATCH": 1}
    assert requests_of_operator(counts) == 9


def test_requests_of_a_window_are_the_growth() -> None:
    """What stood still is left out; a counter that fell belongs to a server that was started anew."""
    before = {"PATCH secrets": 8.0, "GET secrets": 2.0, "POST events": 9.0}
    after = {"PATCH secrets": 11.0, "GET secrets": 2.0, "POST events": 4.0, "POST secrets": 1.0}
    grown = since(before, after)
    assert grown == {"PATCH secrets": 3, "POST events": 4, "POST secrets": 1}
    assert writes_in(grown | {"GET secrets": 70, "WATCH secrets": 5}) == 8

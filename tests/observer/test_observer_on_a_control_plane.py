"""The observer on a real API server: what is planted is counted, to the amount; what is honest counts zero."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from observer import LedgerFile, Observer
from tests.observer.cluster import Cluster, LedgerWriter, cluster, in_seconds, seen, until
from tests.observer.sabotage import LEAD, TinyOperator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from hack.controlplane import ControlPlane

pytestmark = pytest.mark.controlplane
pytest_plugins = ["tests.support.fixtures"]

DELIVERY = 1.0
"""Seconds that a busy machine may take from a write to the watch that tells of it."""

ROUNDING = 0.01
"""Seconds by which the same moment may differ in two sums."""

API_SERVER = "kube-apiserver"
ROOT = Path(__file__).parents[2]


@pytest.fixture
async def hotel(control_plane: ControlPlane, namespace: str) -> AsyncIterator[Cluster]:
    """A namespace to plant in."""
    async with cluster(control_plane.kubeconfig, namespace) as planted:
        yield planted


@pytest.fixture
def ledger(tmp_path: Path) -> LedgerWriter:
    """A ledger to enter mints in."""
    return LedgerWriter(tmp_path / "ledger.jsonl")


def watching(control_plane: ControlPlane, hotel: Cluster, ledger: LedgerWriter) -> Observer:
    """An observer of that namespace alone."""
    return Observer(
        kubeconfig=control_plane.kubeconfig,
        namespaces=[hotel.namespace],
        ledger=LedgerFile(ledger.path),
        orphan_grace=1.0,
    )


async def test_an_expired_secret_is_counted_from_its_expiry_to_its_replacement(
    control_plane: ControlPlane, hotel: Cluster, ledger: LedgerWriter
) -> None:
    """A token left to expire costs the seconds until the write that replaces it."""
    async with watching(control_plane, hotel, ledger) as observer:
        await hotel.session("expired")
        expiry = in_seconds(0.5)
        await hotel.token("expired", "a", expires=expiry)
        await until(expiry + 1.2)
        before = time.time()
        await hotel.token("expired", "b", expires=in_seconds(60))
        await seen(lambda: observer.figures().rotations)
        after = time.time()
    figures = observer.figures()
    assert before - expiry - ROUNDING <= figures.expired_seconds <= after - expiry
    assert figures.missing_seconds == 0
    assert any("expired" in finding for finding in observer.findings())


async def test_a_missing_secret_is_counted_until_it_is_back(
    control_plane: ControlPlane, hotel: Cluster, ledger: LedgerWriter
) -> None:
    """A deleted Secret costs missing seconds and no expired ones; a suspended session's costs none."""
    async with watching(control_plane, hotel, ledger) as observer:
        for name in ("missing", "suspended"):
            await hotel.session(name)
            await hotel.token(name, name, expires=in_seconds(60))
        await seen(lambda: observer.figures().observations == 2)
        await hotel.change("suspended", {"spec": {"suspend": True}})
        await hotel.session("later")  # told of after the suspension, by the same watch
        await seen(lambda: observer.figures().sessions == 3)
        await hotel.remove_secret("suspended")
        began = time.time()
        await hotel.remove_secret("missing")
        await seen(lambda: observer.figures().missing_seconds)
        known = time.time()
        await until(known + 1.2)
        before = time.time()
        await hotel.token("missing", "other", expires=in_seconds(60))
        await seen(lambda: observer.figures().observations == 3)
        after = time.time()
    figures = observer.figures()
    assert before - known - ROUNDING <= figures.missing_seconds <= after - began
    assert figures.excused_seconds > before - known
    assert (figures.expired_seconds, figures.rotations) == (0, 0)


async def test_a_double_mint_is_counted_as_undue_and_a_lost_one_as_orphan(
    control_plane: ControlPlane, hotel: Cluster, ledger: LedgerWriter
) -> None:
    """Of three mints one was due, one replaced a fresh token, and one never came to a Secret."""
    async with watching(control_plane, hotel, ledger) as observer:
        await hotel.session("double")
        now, expiry = time.time(), in_seconds(10)
        for token in ("due", "lost", "undue"):
            ledger.mint(token, issued=now, expires=expiry)
        await hotel.token("double", "due", expires=expiry)
        await hotel.token("double", "undue", expires=expiry)
        await seen(lambda: observer.figures().orphan_mints)
    figures = observer.figures()
    assert (figures.mints, figures.undue_mints, figures.orphan_mints) == (3, 1, 1)
    assert (figures.rotations, figures.torn, figures.expired_seconds) == (1, 0, 0)


async def test_a_mint_whose_session_was_deleted_meanwhile_is_no_orphan(
    control_plane: ControlPlane, hotel: Cluster, ledger: LedgerWriter
) -> None:
    """Of two that never came to a Secret the deletion explains one."""
    async with watching(control_plane, hotel, ledger) as observer:
        await hotel.session("leaves")
        await seen(lambda: observer.figures().sessions)
        await hotel.remove("leaves")
        await seen(lambda: not list(observer.rows()))
        now = time.time()
        for token in ("late", "lost"):
            ledger.mint(token, issued=now, expires=in_seconds(60), model="gpt-realtime")
        await seen(lambda: observer.figures().cut_short_mints)
    figures = observer.figures()
    assert (figures.mints, figures.orphan_mints, figures.cut_short_mints) == (2, 1, 1)


@pytest.mark.parametrize(
    ("shift", "seconds"),
    [
        pytest.param(0.0, 4.0, id="an honest operator"),
        pytest.param(-LEAD, 8.0, id="one that rotates too late by the lead"),
        pytest.param(LEAD, 4.0, id="one that rotates too early by the lead"),
    ],
)
async def test_a_sabotaged_rule_is_found_out(
    control_plane: ControlPlane, hotel: Cluster, ledger: LedgerWriter, shift: float, seconds: float
) -> None:
    """A rule that is off by the lead costs expired seconds or undue mints; the right one costs nothing."""
    operator = TinyOperator(hotel, ledger, shift=shift)
    async with watching(control_plane, hotel, ledger) as observer:
        await hotel.session("tiny")
        await operator.run("tiny", end=time.time() + seconds)
        await seen(lambda: observer.figures().rotations == operator.rotations)
    figures = observer.figures()
    assert figures.rotations >= 1
    assert figures.expired_seconds == pytest.approx(operator.exposed, abs=DELIVERY)
    assert (figures.expired_seconds > 0) == (shift < 0)
    assert (figures.undue_mints > 0) == (shift > 0)
    assert figures.kept == (shift == 0)


async def test_an_api_server_that_goes_away_neither_loses_nor_invents_seconds(
    control_plane: ControlPlane, hotel: Cluster, ledger: LedgerWriter
) -> None:
    """While the API is down the last content is judged; what is written after it counts from its own second."""
    async with watching(control_plane, hotel, ledger) as observer:
        for name in ("dies", "lives", "rotates"):
            await hotel.session(name)
            await hotel.token(name, name, expires=in_seconds(90))
        expiry = in_seconds(1)
        await hotel.token("dies", "short", expires=expiry)
        await seen(lambda: observer.figures().rotations)
        await asyncio.to_thread(control_plane.kill, API_SERVER)
        await seen(lambda: observer.trouble() is not None)
        await until(expiry + 1)
        before, so_far, after = time.time(), observer.figures().expired_seconds, time.time()
        assert before - expiry - ROUNDING <= so_far <= after - expiry + ROUNDING
        await asyncio.to_thread(control_plane.start, API_SERVER)
        replaced = await hotel.token("dies", "fresh", expires=in_seconds(90))
        await hotel.token("rotates", "next", expires=in_seconds(90))
        await seen(lambda: observer.figures().rotations == 3)
        await seen(lambda: observer.trouble() is None)
    figures = observer.figures()
    assert figures.expired_seconds == pytest.approx(replaced - expiry, abs=1 + DELIVERY)
    assert (figures.missing_seconds, figures.torn, figures.orphan_mints) == (0, 0, 0)


async def test_the_process_prints_its_figures_when_it_is_ended(
    control_plane: ControlPlane, hotel: Cluster, ledger: LedgerWriter
) -> None:
    """`python -m observer` tells progress on stderr, and on SIGTERM one line of JSON on stdout."""
    await hotel.session("expired")
    await hotel.token("expired", "a-token", expires=in_seconds(-5))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "observer", "--kubeconfig", str(control_plane.kubeconfig)),
        *("--namespace", hotel.namespace, "--ledger", str(ledger.path), "--progress", "0.2"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    async with asyncio.timeout(60):
        while b"expired 0." not in (line := await process.stderr.readline()) or b"expired 0.000" in line:
            assert line
        process.send_signal(signal.SIGTERM)
        out, err = await process.communicate()
    assert process.returncode == 0
    figures = json.loads(out)
    assert (figures["sessions"], figures["observations"]) == (1, 1)
    assert figures["expired_seconds"] > 0
    assert b"expired: " in err
    assert b"a-token" not in err + out

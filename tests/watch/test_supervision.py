"""The watch goes on whatever ends kopf, and does not take for watching what is not."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import resource
from collections.abc import Iterator
from dataclasses import replace

import pytest

from realtime_operator.adapters.cluster_access import Bearer
from realtime_operator.watch.registry import LONGEST_PAUSE_OF_A_REQUEST_S
from tests.watch.listening import listening, until
from tests.watch.scripted_api import scripted_api

KINDS = ("RealtimeSession",)


@pytest.fixture
def unkept() -> Iterator[None]:
    """Kopf's own lines on failed tasks are kept by nobody: a record that pytest keeps holds the task, and only a freed one is told of."""
    talkers = [logging.getLogger(f"kopf._core.reactor.{name}") for name in ("orchestration", "running")]
    for talker in talkers:
        talker.addFilter(_nothing)
    yield
    for talker in talkers:
        talker.removeFilter(_nothing)


def _nothing(_: logging.LogRecord) -> bool:
    return False


async def test_a_watch_that_ends_by_an_error_begins_again() -> None:
    """An answer that kopf gives up at, as while a CRD is exchanged, costs a pause and no restart of the process."""
    async with scripted_api() as (api, access):
        api.list_status = 404
        async with listening(access, kinds=KINDS) as (watcher, heard):
            await until(lambda: api.lists, "it is refused")
            api.list_status = 200
            await until(lambda: heard.of("concierge"), "it hears")
            assert watcher.restarts == 1
            await until(lambda: watcher.is_watching, "it says so")


@pytest.mark.parametrize("code", [500, 504, 410])
async def test_an_error_in_the_stream_costs_a_new_list_and_no_restart_of_the_process(code: int) -> None:
    """Kopf survives a 410 in the stream and ends at any other; either way what happened meanwhile is heard."""
    async with scripted_api() as (api, access), listening(access, kinds=KINDS) as (watcher, heard):
        await until(lambda: heard.of("concierge") and watcher.is_watching, "it hears")
        known, lists, api.stream_errors = len(heard.events), api.lists, [code]
        api.drop_watches()
        await until(lambda: not api.stream_errors and api.lists > lists, "it lists anew")
        await until(lambda: len(heard.events) > known and watcher.is_watching, "it hears again")
        assert watcher.restarts == (code != 410)


async def test_an_api_server_in_trouble_is_asked_for_ever_in_the_same_life() -> None:
    """Kopf by itself gives up at the ninth 5xx; pauses never end here, and never exceed 5 s."""
    async with scripted_api() as (api, access):
        api.list_status = 503
        async with listening(access, kinds=KINDS) as (watcher, heard):
            await until(lambda: api.lists > 4, "it is asked again and again")
            api.list_status = 200
            await until(lambda: heard.of("concierge"), "it hears", within=LONGEST_PAUSE_OF_A_REQUEST_S + 20)
            assert watcher.restarts == 0


@pytest.mark.usefixtures("unkept")
async def test_what_kopf_leaves_to_its_loop_is_one_line_without_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its failed task is no error of ours with a traceback, and what the API server said may quote an object."""

    def told() -> list[logging.LogRecord]:
        gc.collect()  # a task that nobody asked is told of when it is freed
        return [each for each in caplog.records if each.getMessage().startswith("left to the watch's loop")]

    async with scripted_api() as (api, access):
        api.list_status = 404
        async with listening(access, kinds=(*KINDS, "RealtimeProvider")) as (_, heard):
            await until(told, "of two failed tasks kopf asks one")
            api.list_status = 200
            await until(lambda: heard.of("concierge"), "it hears")
    for record in told():
        assert (record.name, record.levelno) == ("realtime_operator.watch.life", logging.WARNING)
        assert record.getMessage() == "left to the watch's loop: APINotFoundError"
        assert record.exc_info is None
    assert "never retrieved" not in caplog.text


async def test_a_stream_that_goes_on_after_its_cancellation_holds_up_no_new_beginning() -> None:
    """Kopf's own way to end waits for ever where one kind ends it while the watch of another is refused again and again."""
    async with scripted_api() as (api, access):
        api.watch_status = 403
        async with listening(access, kinds=(*KINDS, "RealtimeProvider")) as (watcher, heard):
            await until(lambda: api.refused_watches > 1, "a watch is refused and will be tried again")
            api.providers_gone = True
            for life in range(1, 4):
                await until(lambda: watcher.restarts >= life, "it ends and begins again")  # noqa: B023 - called here only
            api.providers_gone, api.watch_status, known = False, 200, len(heard.events)
            await until(lambda: len(heard.events) > known and watcher.is_watching, "it hears again")


async def test_a_task_that_cannot_be_ended_is_left_behind_with_its_loop() -> None:
    """Whatever kopf waits for, the watch begins again; what is left behind never runs again."""
    turns = []

    async def endless() -> None:
        while True:
            turns.append(asyncio.get_running_loop())
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0.05)

    def planted(*_: object) -> None:
        if not turns:
            tasks.append(asyncio.ensure_future(endless()))

    tasks: list[asyncio.Future[None]] = []
    async with (
        scripted_api() as (api, access),
        listening(access, kinds=KINDS, also=planted) as (watcher, heard),
    ):
        await until(lambda: turns, "it runs in kopf's loop")
        api.watch_status = 410
        api.drop_watches()
        await until(lambda: watcher.restarts, "it begins again")
        api.watch_status, known, before = 200, len(heard.events), len(turns)
        await until(lambda: len(heard.events) > known and watcher.is_watching, "it hears again")
        assert turns[0].is_closed()
        assert len(turns) == before


async def test_a_life_that_cannot_begin_is_tried_again() -> None:
    """Without a file descriptor left there is no loop to watch in; the thread that watches lives on."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with scripted_api() as (api, access), listening(access, kinds=KINDS) as (watcher, heard):
        await until(lambda: heard.events, "it hears")
        api.watch_status = 410
        api.drop_watches()
        await until(lambda: watcher.restarts, "it ends")
        api.watch_status, known = 200, len(heard.events)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))
        try:
            await until(lambda: watcher.restarts > 1, "it cannot begin")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        await until(lambda: len(heard.events) > known and watcher.is_watching, "it hears again")


async def test_kinds_that_are_not_installed_yet_are_looked_for_again() -> None:
    """Started before the CRDs it does not count as watching, and begins within a pause of their installation."""
    async with scripted_api() as (api, access):
        api.installed = False
        async with listening(access, kinds=KINDS) as (watcher, heard):
            await until(lambda: watcher.restarts, "it looks again")
            assert not watcher.is_watching
            api.installed = True
            await until(lambda: heard.of("concierge"), "it hears")
            assert watcher.is_watching


async def test_credentials_that_cannot_be_read_are_read_again() -> None:
    """A login that fails once is no end: kopf would wait for another one for ever."""
    async with scripted_api() as (_, access):
        async with listening(replace(access, bearer=UnreadableAtFirst()), kinds=KINDS) as (watcher, heard):
            await until(lambda: heard.of("concierge"), "it hears")
        assert watcher.restarts == 0


class UnreadableAtFirst(Bearer):
    """Fails at its first reading, and has no token afterwards."""

    _reads = 0

    def refresh(self) -> None:
        """Fail once."""
        self._reads += 1
        if self._reads == 1:
            raise OSError("planted")

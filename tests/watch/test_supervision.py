"""The watch goes on whatever ends kopf, and does not take for watching what is not."""

from __future__ import annotations

from dataclasses import replace

from realtime_operator.adapters.cluster_access import Bearer
from tests.watch.listening import listening, until
from tests.watch.scripted_api import scripted_api

KINDS = ("RealtimeSession",)


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

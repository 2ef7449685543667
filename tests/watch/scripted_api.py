"""As much of an API server as kopf needs to watch sessions and providers, and it does what a test says."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import web

from realtime_operator.adapters.cluster_access import Bearer, ClusterAccess, TlsMaterial, cluster_access

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

GROUP, VERSION = "realtime-operator.io", "v1alpha1"
SESSIONS, PROVIDERS = "realtimesessions", "realtimeproviders"
VERBS = ["get", "list", "watch", "patch"]
SESSION = {"metadata": {"name": "concierge", "namespace": "hotel", "uid": "uid-1", "resourceVersion": "7"}}


class ScriptedApi:
    """Serves one session in one namespace, and no provider.

    Attributes:
        installed: whether the CRD is there.
        list_status: the HTTP status of lists.
        lists: how many were asked for.
        watch_status: the HTTP status of watches.
        refused_watches: how many were refused.
        stream_errors: codes of ERROR events, one of which the next watches end with.
        providers_gone: whether watches of providers are answered 410, which ends kopf.
    """

    def __init__(self) -> None:
        self.installed = True
        self.list_status = 200
        self.lists = 0
        self.watch_status = 200
        self.refused_watches = 0
        self.stream_errors: list[int] = []
        self.providers_gone = False
        self._watches: set[asyncio.Event] = set()

    def drop_watches(self) -> None:
        """End all watches that are open."""
        for each in self._watches:
            each.set()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer discovery, lists and watches."""
        match request.path.strip("/").split("/"):
            case ["api"]:
                return web.json_response({"versions": ["v1"]})
            case ["api", "v1"]:
                return web.json_response({"resources": [_resource("namespaces"), _resource("events")]})
            case ["apis"]:
                return web.json_response({"groups": [_group()] if self.installed else []})
            case ["apis", _, _]:
                return web.json_response({"resources": [_resource(SESSIONS), _resource(PROVIDERS)]})
            case _ if "watch" in request.query:
                return await self._watch(request)
            case _:
                return self._list(request)

    def _list(self, request: web.Request) -> web.Response:
        self.lists += 1
        if self.list_status != 200:
            return _refusal(self.list_status)
        items = [SESSION] if request.path.endswith(SESSIONS) else []
        return web.json_response({"items": items, "metadata": {"resourceVersion": "7"}})

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        gone = self.providers_gone and request.path.endswith(PROVIDERS)
        if gone or self.watch_status != 200:
            self.refused_watches += 1
            return _refusal(410 if gone else self.watch_status)
        response = web.StreamResponse()
        await response.prepare(request)
        if self.stream_errors:
            status = {"kind": "Status", "code": self.stream_errors.pop(0), "message": "quotes an object"}
            await response.write(json.dumps({"type": "ERROR", "object": status}).encode() + b"\n")
            return response
        dropped = asyncio.Event()
        self._watches.add(dropped)
        try:
            await dropped.wait()
        finally:
            self._watches.discard(dropped)
        return response


@asynccontextmanager
async def scripted_api() -> AsyncIterator[tuple[ScriptedApi, ClusterAccess]]:
    """Serve on a free port for the block."""
    api, app = ScriptedApi(), web.Application()
    app.router.add_get("/{path:.*}", api.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server = f"http://127.0.0.1:{runner.addresses[0][1]}"
        tls = TlsMaterial(insecure=True)
        yield api, cluster_access(server=server, namespace="hotel", bearer=Bearer(), tls=tls)
    finally:
        await runner.cleanup()


def _refusal(status: int) -> web.Response:
    return web.json_response({"kind": "Status", "code": status, "message": "quotes an object"}, status=status)


def _group() -> dict[str, Any]:
    version = {"groupVersion": f"{GROUP}/{VERSION}", "version": VERSION}
    return {"name": GROUP, "versions": [version], "preferredVersion": version}


def _resource(plural: str) -> dict[str, Any]:
    kind = plural.removesuffix("s")
    return {"name": plural, "singularName": kind, "kind": kind, "namespaced": True, "verbs": VERBS}

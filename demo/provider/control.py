"""The control API below `/_standin/`: settings, faults, ledger, recorded requests, health."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from demo.provider.faults import Rule
from demo.provider.settings import KeyRing

if TYPE_CHECKING:
    from demo.provider.provider import Provider

PAGE = 10_000  # mints in one answer of the ledger: 4 MB
RULES = TypeAdapter(list[Rule])
CHANGE = TypeAdapter(dict[str, object])
Handler = Callable[[Request], Awaitable[Response]]


class Keys(BaseModel):
    """Body of `PUT /_standin/keys`."""

    model_config = ConfigDict(extra="forbid")

    keys: list[str]


def control_routes(provider: Provider, *, open_to_all: bool) -> Mount:
    """Make the routes; unless `open_to_all`, only clients on the loopback are served."""
    control = Control(provider)
    routes = (
        ("/health", "GET", control.health),
        ("/settings", "GET", control.settings),
        ("/settings", "PUT", control.change_settings),
        ("/keys", "PUT", control.replace_keys),
        ("/faults", "GET", control.faults),
        ("/faults", "PUT", control.replace_faults),
        ("/faults", "POST", control.add_fault),
        ("/faults", "DELETE", control.clear_faults),
        ("/ledger", "GET", control.ledger),
        ("/requests", "GET", control.requests),
    )
    guard = guarded if not open_to_all else speaking
    return Mount("/_standin", routes=[Route(path, guard(do), methods=[verb]) for path, verb, do in routes])


def guarded(handler: Handler) -> Handler:
    """Serve the loopback only."""
    inner = speaking(handler)

    async def serve(request: Request) -> Response:
        if request.client is None or not ipaddress.ip_address(request.client.host).is_loopback:
            return JSONResponse({"error": "the control API serves the loopback only"}, 403)
        return await inner(request)

    return serve


def speaking(handler: Handler) -> Handler:
    """Answer 422 with what is wrong, and where, when a body or a parameter does not fit."""

    async def serve(request: Request) -> Response:
        try:
            return await handler(request)
        except ValidationError as error:
            wrong = error.errors(include_url=False, include_input=False, include_context=False)
            return JSONResponse({"error": wrong}, 422)
        except ValueError as error:
            return JSONResponse({"error": type(error).__name__}, 422)

    return serve


class Control:
    """The handlers of the control API."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def health(self, _: Request) -> Response:
        """Tell the stand-in's time and how many tokens it has handed out."""
        provider = self._provider
        return JSONResponse({"status": "ok", "now": provider.now(), "mints": provider.ledger.last})

    async def settings(self, _: Request) -> Response:
        """Show the settings, and of the keys the fingerprints."""
        provider = self._provider
        shown = provider.settings.model_dump(mode="json") | {"key_fingerprints": provider.keys.fingerprints()}
        return JSONResponse(shown)

    async def change_settings(self, request: Request) -> Response:
        """Replace the settings that the body names, leave the others."""
        self._provider.change(CHANGE.validate_json(await request.body()))
        return await self.settings(request)

    async def replace_keys(self, request: Request) -> Response:
        """Accept these provider keys from now on, and no others."""
        self._provider.keys = KeyRing(Keys.model_validate_json(await request.body()).keys)
        return await self.settings(request)

    async def faults(self, _: Request) -> Response:
        """Show the rules in force and how many requests each has taken."""
        return JSONResponse({"faults": self._provider.faults.shown()})

    async def replace_faults(self, request: Request) -> Response:
        """Put the body's list of rules in force instead of the present ones."""
        self._provider.faults.replace(RULES.validate_json(await request.body()))
        return await self.faults(request)

    async def add_fault(self, request: Request) -> Response:
        """Put the body's rule in force after the present ones."""
        self._provider.faults.add(Rule.model_validate_json(await request.body()))
        return await self.faults(request)

    async def clear_faults(self, request: Request) -> Response:
        """Put no rule in force."""
        self._provider.faults.replace([])
        return await self.faults(request)

    async def ledger(self, request: Request) -> Response:
        """Give a page of the ledger."""
        page = self._provider.ledger.page(after_in(request), PAGE)
        return Response(page, media_type="application/json")

    async def requests(self, request: Request) -> Response:
        """Give the recorded requests."""
        return JSONResponse({"requests": self._provider.requests.after(after_in(request))})


def after_in(request: Request) -> int:
    """Read the query parameter `after`, 0 when it is absent.

    Raises:
        ValueError: when it is no whole number.
    """
    return max(0, int(request.query_params.get("after", "0")))

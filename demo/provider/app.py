"""The ASGI app: the endpoints, the control API beside them, and the API's errors everywhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from demo.provider.answers import error_answer
from demo.provider.control import control_routes
from demo.provider.dialects import DIALECTS
from demo.provider.exchange import Drop, Mints, headers_of, new_request_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from demo.provider.provider import Provider

BASE_PATH = "/v1"


def create_app(provider: Provider, drop: Drop, *, open_control: bool = False) -> Starlette:
    """Make the app.

    Args:
        provider: holds all state.
        drop: closes the connection that an ASGI scope came in on, without an answer.
        open_control: let clients from elsewhere than the loopback use the control API.
    """
    served = {BASE_PATH + it.path: it for it in provider.endpoints}
    served |= {it.base + endpoint.path: endpoint for it in DIALECTS for endpoint in it.endpoints}
    routes = [Route(path, Mints(provider, endpoint, drop)) for path, endpoint in served.items()]
    app = Starlette(
        routes=[*routes, control_routes(provider, open_to_all=open_control)],
        exception_handlers={HTTPException: not_served(provider)},
    )
    app.router.redirect_slashes = False
    return app


def not_served(provider: Provider) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Answer for paths and methods that nothing serves, in the API's shape."""

    async def serve(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        answer = error_answer(status, f"Nothing serves {request.method} {request.url.path}.")
        response = Response(answer.body, status)
        response.raw_headers = headers_of(answer, now=provider.now(), took=0, request_id=new_request_id())
        return response

    return serve

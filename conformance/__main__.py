"""Asks a server of one's own, prints a table, and one line of JSON last."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from conformance.checks import CHECKS, Finding, Target
from conformance.table import markdown
from realtime_operator.adapters.realtime_api import RealtimeApi
from realtime_operator.adapters.system_clock import SystemClock
from realtime_operator.api.auth import AuthScheme
from realtime_operator.api.endpoint import Endpoint
from realtime_operator.core.provider_key import credential_header
from realtime_operator.core.provider_view import ProviderView
from realtime_operator.core.schedule import LONGEST_LIFETIME_S

EXIT_BROKEN: Final = 1
EXIT_UNABLE: Final = 2
SHORTEST_S: Final = 10
WORDS: Final = {True: "holds", False: "broken", None: "noted"}


def parser() -> argparse.ArgumentParser:
    """The command line; its options are named as the provider's fields are."""
    it = argparse.ArgumentParser(
        prog="python -m conformance",
        description="Asks a server for tokens as the operator would, eight times, and says what held.",
        epilog="Exit: 0 all held, 1 something did not, 2 it could not be asked. Tokens and keys are never printed.",
    )
    it.add_argument("--base-url", required=True, help="as spec.baseURL, such as https://gateway.example/v1")
    it.add_argument(
        "--key-env", required=True, metavar="NAME", help="environment variable that holds the key"
    )
    it.add_argument("--endpoint", choices=list(Endpoint), default=Endpoint.CLIENT_SECRETS)
    it.add_argument(
        "--session", default='{"type": "realtime", "model": "gpt-realtime"}', help="JSON, or empty for none"
    )
    it.add_argument(
        "--lifetime", type=_lifetime, default=120, help="seconds to ask for, 10 to 7200; 0 asks for none"
    )
    it.add_argument("--path", type=_path, help="as spec.paths for the endpoint")
    it.add_argument("--lifetime-field", type=_pointer, help="as spec.lifetimeFields for the endpoint")
    it.add_argument("--auth-scheme", choices=list(AuthScheme), default=AuthScheme.BEARER)
    it.add_argument("--ca-file", type=Path, help="PEM certificates to trust instead of the system's")
    return it


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask, and give the exit code."""
    it = parser()
    options = it.parse_args(arguments)
    key = os.environ.get(options.key_env, "")
    if not key:
        it.error(f"--key-env: the environment has no {options.key_env}")
    try:
        session = _session(options.session)
        bundle = options.ca_file.read_text() if options.ca_file else None
    except ValueError as error:
        it.error(f"--session: {error}")
    except OSError as error:
        it.error(f"--ca-file: {error.strerror}")
    view = ProviderView(
        kind="Server",
        name=options.base_url,
        base_url=options.base_url.rstrip("/"),
        credentials=credential_header(AuthScheme(options.auth_scheme), key),
        paths={} if options.path is None else {options.endpoint: options.path},
        lifetime_fields={} if options.lifetime_field is None else {options.endpoint: options.lifetime_field},
        ca_bundle=bundle,
    )
    findings = asyncio.run(_asked(view, options.endpoint, session, options.lifetime or None))
    print(markdown(["check", "", "what came"], ([it.check, WORDS[it.held], it.said] for it in findings)))
    words = [WORDS[it.held] for it in findings]
    print(json.dumps({word: words.count(word) for word in WORDS.values()}), flush=True)
    return EXIT_BROKEN if "broken" in words else 0


async def _asked(
    view: ProviderView, endpoint: str, session: dict[str, Any] | None, lifetime: int | None
) -> list[Finding]:
    async with RealtimeApi(SystemClock(), trust_env=True) as api:
        target = Target(api, view, endpoint, session, lifetime)
        return [await check(target) for check in CHECKS]


def _lifetime(text: str) -> int:
    seconds = int(text) if re.fullmatch(r"\d{1,5}", text) else -1
    if seconds and not SHORTEST_S <= seconds <= LONGEST_LIFETIME_S:
        raise argparse.ArgumentTypeError(
            f"{SHORTEST_S} to {LONGEST_LIFETIME_S} seconds, as spec.lifetimeSeconds, or 0"
        )
    return seconds


def _path(text: str) -> str:
    if not re.fullmatch(r"/[^#\s]*", text):
        raise argparse.ArgumentTypeError("a path begins with / and has no fragment and no blanks")
    return text


def _pointer(text: str) -> str:
    if not re.fullmatch(r"((/([^~/]|~[01])+)+)?", text):
        raise argparse.ArgumentTypeError("a JSON pointer, such as /ttl_seconds, or empty")
    return text


def _session(text: str) -> dict[str, Any] | None:
    if not text.strip():
        return None
    session = json.loads(text)
    if not isinstance(session, dict):
        raise ValueError("a JSON object is needed")  # noqa: TRY004 - the text is at fault, not the code
    return session


if __name__ == "__main__":
    sys.exit(main())

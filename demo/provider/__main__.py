"""Command line of the stand-in provider."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from pydantic import ValidationError

import demo.provider
from demo.provider.ledger import Ledger
from demo.provider.provider import Provider
from demo.provider.serving import Serving, Tls
from demo.provider.settings import KeyRing, Settings, parse_latency

ENVIRONMENT = "STANDIN_"  # every flag can also be set by environment: STANDIN_KEY_FILE, STANDIN_LATENCY, …


def parser() -> argparse.ArgumentParser:
    """Make the parser; its help is the package's own documentation."""
    it = argparse.ArgumentParser(
        prog="python -m demo.provider",
        description=demo.provider.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Every flag with a value can also be set by environment: --key-file is STANDIN_KEY_FILE.",
    )
    it.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    it.add_argument("--port", type=int, default=0, help="port, 0 picks a free one (default: %(default)s)")
    it.add_argument("--key", help="an accepted provider key; seen by who can list processes, so better:")
    it.add_argument("--key-file", type=Path, help="file with accepted provider keys, one a line")
    it.add_argument("--ledger", type=Path, help="file to append each mint to, as JSON Lines")
    it.add_argument("--latency", type=parse_latency, default=0.0, help="seconds, or a range as 0.05-0.4")
    it.add_argument("--clock-offset", type=float, default=0.0, help="seconds the provider's clock is ahead")
    it.add_argument("--lifetime", type=int, help="seconds every token lives, whatever is asked")
    it.add_argument(
        "--refuse-model",
        metavar="MODEL[=HOW]",
        action="append",
        default=[],
        help="refuse a model; HOW is model_not_found (403, the default) or invalid_value (400); repeatable",
    )
    it.add_argument(
        "--retired", metavar="ENDPOINT", action="append", default=[], help="e.g. Sessions; repeatable"
    )
    it.add_argument(
        "--record-requests", type=int, default=0, help="keep so many requests readable (default: 0)"
    )
    it.add_argument("--seed", type=int, help="makes drawn latencies and faults repeatable")
    it.add_argument("--tls-cert", type=Path, help="PEM certificate; with --tls-key serves TLS")
    it.add_argument("--tls-key", type=Path, help="PEM key of the certificate")
    it.add_argument(
        "--open-control", action="store_true", help="serve the control API to others than loopback"
    )
    return it


def with_environment(it: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Let the environment set the defaults of flags that take one value."""
    for name, value in os.environ.items():
        flag = name.removeprefix(ENVIRONMENT).lower()
        if name.startswith(ENVIRONMENT) and flag in vars(it.parse_args([])):
            it.set_defaults(**{flag: value})
    return it


def settings_from(arguments: argparse.Namespace) -> Settings:
    """Make the settings of a command line.

    Raises:
        pydantic.ValidationError: for a value out of bounds.
    """
    models = (item.partition("=") for item in arguments.refuse_model)
    return Settings.model_validate(
        {
            "latency": arguments.latency,
            "clock_offset": arguments.clock_offset,
            "lifetime": arguments.lifetime,
            "refused_models": {model: how or "model_not_found" for model, _, how in models},
            "retired": arguments.retired,
            "record_requests": arguments.record_requests,
        }
    )


def keys_from(arguments: argparse.Namespace) -> list[str]:
    """Read the accepted keys.

    Raises:
        OSError: when the key file cannot be read.
    """
    lines = arguments.key_file.read_text().splitlines() if arguments.key_file else []
    return [key for key in (arguments.key, *map(str.strip, lines)) if key]


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    it = with_environment(parser())
    arguments = it.parse_args()
    try:
        settings, keys = settings_from(arguments), keys_from(arguments)
    except ValidationError as error:
        it.error("; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()))
    except OSError as error:
        it.error(f"--key-file: {error.strerror}")
    if not keys:
        it.error("no key: give --key KEY or --key-file FILE")
    if (arguments.tls_cert is None) != (arguments.tls_key is None):
        it.error("--tls-cert and --tls-key go together")
    tls = Tls(arguments.tls_cert, arguments.tls_key) if arguments.tls_cert else None
    with Ledger(arguments.ledger) as ledger:
        provider = Provider(KeyRing(keys), settings, ledger=ledger, seed=arguments.seed)
        serving = Serving(
            provider, host=arguments.host, port=arguments.port, tls=tls, open_control=arguments.open_control
        )
        ready = json.dumps({"url": serving.url, "pid": os.getpid()})
        serving.run(on_ready=lambda: print(ready, flush=True))
        print(f"stand-in provider ended after {ledger.last} mints", file=sys.stderr)


if __name__ == "__main__":
    main()

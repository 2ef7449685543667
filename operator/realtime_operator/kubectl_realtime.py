"""``kubectl realtime …``: kubectl finds the program ``kubectl-realtime`` by its name, wherever it is on the PATH."""

from __future__ import annotations

import argparse

from realtime_operator import convert


def main(arguments: list[str] | None = None) -> int:
    """Run the command named; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="kubectl realtime", description="For authors of RealtimeSessions, beside kubectl itself."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser(
        "convert", help="rewrite sessions of the older endpoints", description=convert.DESCRIPTION
    )
    convert.add_arguments(command)
    command.set_defaults(run=convert.run)
    options = parser.parse_args(arguments)
    code: int = options.run(options)
    return code

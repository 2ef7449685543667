"""`make chart` writes what is generated in the Helm chart; `make check` compares; `make manifests` renders it."""

from __future__ import annotations

import argparse
import json
import sys

from . import files, manifests
from .values import Undocumented


def main(arguments: list[str] | None = None) -> int:
    """Do what the arguments say and give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m hack.chart", description=__doc__)
    commands = parser.add_mutually_exclusive_group()
    commands.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file differs")
    commands.add_argument("--manifests", action="store_true", help="render dist/*.yaml instead")
    parser.add_argument("--image", default="", help="with --manifests: the image, as in REGISTRY/NAME:TAG")
    parser.add_argument("--namespace", default=manifests.RELEASE, help="with --manifests: where to install")
    parser.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="VALUE=WHAT",
        help="with --manifests: a value of the chart, as in podAnnotation.enabled=true; repeatable",
    )
    options = parser.parse_args(arguments)
    try:
        if options.manifests:
            print(
                json.dumps(manifests.write(options.image, options.namespace, settings=options.settings)),
                flush=True,
            )
        elif options.check:
            return _check()
        else:
            files.write()
    except (Undocumented, manifests.RenderError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _check() -> int:
    stale = files.differing()
    if stale:
        sys.stderr.write(f"not what it is generated from: {', '.join(stale)}; run `make chart`\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())

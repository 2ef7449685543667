"""`make image` and `make wheelhouse`. The last line printed is JSON."""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import time
import tomllib

from hack.controlplane import end_with_parent
from hack.controlplane.interruption import unwind

from .archive import MEGABYTE, sizes
from .commands import ImageError
from .engines import Engine, find_engine
from .wheelhouse import ROOT, here, make_wheelhouse

ARCHIVE = ROOT / "dist" / "realtime-operator.tar"
INTERRUPTED = 130  # what a shell says of a program that Ctrl-C ended
LARGEST_MB = 120.0  # above the base; what the operator brings is a tenth of what a model's client brings


def main() -> int:
    """Do what the arguments say and give the exit code."""
    arguments = _parser().parse_args()
    signal.signal(signal.SIGTERM, unwind)
    end_with_parent()
    began = time.monotonic()
    try:
        if arguments.command == "wheelhouse":
            figures = _wheelhouse(arguments.python_version, arguments.platforms.split(","))
        else:
            figures = _image(find_engine(arguments.builder), arguments.image, arguments.base_image)
    except ImageError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    print(json.dumps(figures | {"seconds": round(time.monotonic() - began, 1)}), flush=True)
    return 0


def _wheelhouse(python: str, platforms: list[str]) -> dict[str, object]:
    folder = make_wheelhouse(python, platforms)
    wheels = list(folder.glob("*.whl"))
    megabytes = round(sum(wheel.stat().st_size for wheel in wheels) / MEGABYTE, 1)
    return {
        "wheelhouse": str(folder.relative_to(ROOT)),
        "python": python,
        "wheels": len(wheels),
        "mb": megabytes,
    }


def _image(engine: Engine, image: str, wanted_base: str | None) -> dict[str, object]:
    base = engine.base_image(wanted_base)
    python = engine.python_version(base)
    make_wheelhouse(python, [here()])
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    engine.build(image, {"BASE_IMAGE": base, "VERSION": version, "REVISION": _revision()})
    engine.save(image, ARCHIVE)
    found = sizes(ARCHIVE, base_layers=engine.layers(base))
    figures = {
        "image": image,
        "archive": str(ARCHIVE.relative_to(ROOT)),
        "builder": engine.name,
        "base": base,
        "python": python,
        "base_mb": round(found.base / MEGABYTE, 1),
        "image_mb": round(found.above / MEGABYTE, 1),
    }
    if found.above > LARGEST_MB * MEGABYTE:
        raise ImageError(f"{figures}: more than {LARGEST_MB:.0f} MB above the base; see what was added")
    return figures


def _revision() -> str:
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m hack.image", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    build = commands.add_parser("build", help="build the image and its archive")
    build.add_argument("--image", default="realtime-operator:dev", help="its name")
    build.add_argument(
        "--base-image", help="default: what the Dockerfile names, for buildah a base of its own"
    )
    build.add_argument("--builder", help="docker, podman or buildah; default: the first that works")
    wheels = commands.add_parser("wheelhouse", help="fetch and make the wheels only")
    wheels.add_argument("--python-version", default="3.13", help="of the base image")
    wheels.add_argument(
        "--platforms", default=here(), help="separated by commas, as in linux/amd64,linux/arm64"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

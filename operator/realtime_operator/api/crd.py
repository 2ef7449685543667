"""Writes the CRDs from the models: ``python -m realtime_operator.api.crd DIR [--check]``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import yaml

from realtime_operator.api.kinds import KINDS, manifest

_HEADER = (
    "# Generated from the models in operator/realtime_operator/api by `make crds`. Edit those instead.\n"
)


class _PlainDumper(yaml.SafeDumper):
    """Writes every value out, without YAML's anchors, and indents lists as Kubernetes manifests do."""

    def ignore_aliases(self, data: object) -> bool:
        """Repeat a value that occurs twice: an anchor would make the file hard to read."""
        del data
        return True


def render() -> dict[str, str]:
    """Return the content of every CRD file by its name."""
    return {
        kind.file_name: _HEADER
        + yaml.dump(manifest(kind), Dumper=_PlainDumper, sort_keys=False, width=110, allow_unicode=True)
        for kind in KINDS
    }


def differing(folder: Path) -> list[str]:
    """Return the names of the files in a folder that are missing, stale, or of no kind."""
    wanted = render()
    present = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.yaml")}
    return sorted(name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name))


def main(arguments: list[str] | None = None) -> int:
    """Write or check the files; returns the exit code, 1 when a check finds a difference."""
    parser = argparse.ArgumentParser(
        prog="realtime_operator.api.crd", description="Write the CRDs from the models."
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="where the files are")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file differs")
    options = parser.parse_args(arguments)
    if options.check:
        stale = differing(options.folder)
        if stale:
            sys.stderr.write(f"not what the models say: {', '.join(stale)}; run `make crds`\n")
        return 1 if stale else 0
    options.folder.mkdir(parents=True, exist_ok=True)
    for name, text in render().items():
        (options.folder / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Every generated file of the chart, with its content."""

from __future__ import annotations

from pathlib import Path

from .readme import render
from .values import read_values

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "realtime-operator"
COPIED = ("crds", "policies")
"""Folders of the project that a chart needs and cannot reach, since it must be whole in itself."""


def generated() -> dict[Path, str]:
    """Give path and content of each.

    Raises:
        Undocumented: a value has no comment.
    """
    copies = {
        CHART / "files" / folder / file.name: file.read_text(encoding="utf-8")
        for folder in COPIED
        for file in sorted((ROOT / folder).glob("*.yaml"))
    }
    values = read_values((CHART / "values.yaml").read_text(encoding="utf-8"))
    return copies | {CHART / "README.md": render(values)}


def present() -> dict[Path, str]:
    """Give path and content of what is there now."""
    found = [*(CHART / "files").rglob("*.yaml"), *CHART.glob("README.md")]
    return {file: file.read_text(encoding="utf-8") for file in found}


def write() -> None:
    """Write all, and remove what has no origin any more."""
    wanted = generated()
    for file in present().keys() - wanted.keys():
        file.unlink()
    for file, text in wanted.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def differing() -> list[str]:
    """Give the names of those that are missing, stale, or without an origin."""
    wanted, there = generated(), present()
    different = [file for file in wanted.keys() | there.keys() if wanted.get(file) != there.get(file)]
    return sorted(str(file.relative_to(ROOT)) for file in different)

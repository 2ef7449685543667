"""Reads the chart's values with what the comments above them say."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

MARK = "# -- "
COMMENT = "# "


class Undocumented(Exception):
    """A value has no comment, nor has anything above it; the message names it."""


@dataclass(frozen=True, slots=True)
class Value:
    """One documented value.

    Attributes:
        path: as `--set` takes it.
        default: as JSON.
        about: what it is for, as Markdown on one line.
    """

    path: str
    default: str
    about: str


def read_values(text: str) -> list[Value]:
    """Give every value that has a comment beginning with `# -- ` above it; such a comment covers all below its key.

    Raises:
        Undocumented: some value is covered by no comment.
    """
    lines = text.splitlines()
    return list(_values(yaml.compose(text, Loader=yaml.SafeLoader), yaml.safe_load(text), "", lines))


def _values(node: yaml.Node | None, data: object, path: str, lines: list[str]) -> Iterator[Value]:
    if not isinstance(node, yaml.MappingNode) or not node.value or not isinstance(data, dict):
        raise Undocumented(f"{path} has no comment that begins with {MARK!r}; say above it what it is for")
    for key, below in node.value:
        name = f"{path}.{key.value}".removeprefix(".")
        about = _comment(lines, key.start_mark.line)
        if about:
            yield Value(name, json.dumps(data[key.value]), about)
        else:
            yield from _values(below, data[key.value], name, lines)


def _comment(lines: list[str], row: int) -> str:
    """Join the comment right above a line, if it begins with the mark."""
    said: list[str] = []
    while row and lines[row - 1].lstrip().startswith(COMMENT.rstrip()):
        row -= 1
        line = lines[row].strip()
        said.insert(0, re.sub(r"^# ?(-- )?", "", line))
        if line.startswith(MARK):
            return " ".join(said)
    return ""

"""Writes the reference of the kinds from the models: ``python -m realtime_operator.api.reference FILE [--check]``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from realtime_operator.api.group import API_VERSION, KIND_CLUSTER_PROVIDER, KIND_PROVIDER
from realtime_operator.api.kinds import KINDS, Kind, manifest
from realtime_operator.api.rules import RULES

_HEAD: Final = f"""# Reference of the kinds

<!-- Generated from the models in operator/realtime_operator/api by `make crds`. Edit those instead. -->

`{API_VERSION}`. The same is in `kubectl explain`. A field in **bold** is required; `[]` stands for each item of a
list, `.*` for each value of a map.
What `spec.session` holds depends on the endpoint: see [endpoints.md](endpoints.md).
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One field: its path below the object, its type and bounds in words, whether it must be there, and what it is for."""

    path: str
    type: str
    required: bool
    description: str

    def line(self) -> str:
        """Return the row of the table."""
        mark = "**" if self.required else ""
        cells = (f"{mark}`{self.path}`{mark}", self.type, self.description)
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def render() -> str:
    """Return the content of the file."""
    parts = [_HEAD]
    known: set[str] = set()
    for kind in KINDS:
        rows = [row.line() for row in _rows(_root(kind), "", required=False)]
        refusals = [f"* `{path}`: {message}" for path, message in _refusals(_root(kind), "")]
        parts += _section(
            kind, [row for row in rows if row not in known], [it for it in refusals if it not in known]
        )
        known |= {*rows, *refusals} if kind.model.kind == KIND_PROVIDER else set()
    return "\n".join(parts)


def main(arguments: list[str] | None = None) -> int:
    """Write or check the file; returns the exit code, 1 when a check finds a difference."""
    parser = argparse.ArgumentParser(
        prog="realtime_operator.api.reference", description="Write the reference of the kinds."
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="where it is")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when the file differs")
    options = parser.parse_args(arguments)
    if not options.check:
        options.file.write_text(render(), encoding="utf-8")
        return 0
    if options.file.is_file() and options.file.read_text(encoding="utf-8") == render():
        return 0
    sys.stderr.write(f"not what the models say: {options.file}; run `make crds`\n")
    return 1


def _root(kind: Kind) -> dict[str, Any]:
    schema = manifest(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    fields = {name: schema["properties"][name] for name in ("spec", "status")}
    return {"properties": fields, "required": schema["required"]}


def _section(kind: Kind, rows: list[str], refusals: list[str]) -> list[str]:
    scope = "of the cluster" if kind.cluster_scoped else "of a namespace"
    lines = [f"## {kind.model.kind}", "", f"`{kind.short}`, {scope}. {kind.model.__doc__}", ""]
    if kind.model.kind == KIND_CLUSTER_PROVIDER:
        lines += [f"It is like {KIND_PROVIDER}, but for these:", ""]
    lines += ["| field | type | what it is |", "| --- | --- | --- |", *rows, ""]
    if refusals:
        lines += ["Refused by the API server, with these words:", "", *refusals, ""]
    return lines


def _rows(schema: dict[str, Any], path: str, *, required: bool) -> Iterator[Row]:
    if path:
        yield Row(path, _type_of(schema), required, schema.get("description", ""))
    for name, field, is_required in _below(schema):
        below = f"{path}{name}" if name in {"[]", ".*"} else f"{path}.{name}".removeprefix(".")
        if name in {"[]", ".*"} and "properties" not in field:
            continue  # a plain item says nothing that its list does not
        yield from _rows(field, below, required=is_required)


def _below(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], bool]]:
    needed = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        yield name, field, name in needed
    if "items" in schema:
        yield "[]", schema["items"], False
    if "additionalProperties" in schema:
        yield ".*", schema["additionalProperties"], False


def _refusals(schema: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for rule in schema.get(RULES, ()):
        yield path + rule.get("fieldPath", ""), rule["message"]
    for name, field, _ in _below(schema):
        yield from _refusals(
            field, f"{path}{name}" if name in {"[]", ".*"} else f"{path}.{name}".removeprefix(".")
        )


def _type_of(schema: dict[str, Any]) -> str:
    """Say a type with its bounds: `integer, 10 to 7200`, `list of strings, at most 32`, `one of Bearer, ApiKeyHeader`."""
    words = _noun(schema)
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None:
        words += f", {low} to {high}" if high is not None else f", {low} or more"
    most = schema.get("maxItems", schema.get("maxProperties"))
    if most is not None:
        words += f", at most {most}"
    default = schema.get("default")
    return (
        words if default in (None, {}) or isinstance(default, dict) else f"{words}; default {_word(default)}"
    )


def _noun(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return f"one of {', '.join(schema['enum'])}"
    if "items" in schema:
        return f"list of {_plural(_noun(schema['items']))}"
    if "additionalProperties" in schema:
        return f"map of {_plural(_noun(schema['additionalProperties']))}"
    if schema.get("format") == "date-time":
        return "time"
    return str(schema.get("type", "any"))


def _plural(noun: str) -> str:
    return noun if noun.startswith(("one of", "any")) else f"{noun}s"


def _word(default: Any) -> str:
    return str(default).lower() if isinstance(default, bool) else str(default)


if __name__ == "__main__":
    sys.exit(main())

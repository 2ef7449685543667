"""Kubernetes objects as text: read from YAML or JSON, and written as YAML that every reader of YAML takes for the same."""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

_TIMESTAMP: Final = "tag:yaml.org,2002:timestamp"
_PLAIN: Final = re.compile(r"[A-Za-z][-A-Za-z0-9_./]*[A-Za-z0-9]")
"""Strings that need no quotes in any version of YAML, unless they are words such as `yes`, which the writer itself knows."""


class UnreadableManifest(Exception):
    """The text is no YAML or JSON of Kubernetes objects; the message says where, and repeats nothing of it."""


class _Reader(yaml.SafeLoader):
    """Leaves what looks like a date a string, as Kubernetes does."""


_Reader.yaml_implicit_resolvers = {
    first: [one for one in resolvers if one[0] != _TIMESTAMP]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _Writer(yaml.SafeDumper):
    """Writes text of several lines as such, quotes what another reader might take for a number or a truth value, and uses no anchors."""

    def ignore_aliases(self, data: object) -> bool:
        """Repeat a value that occurs twice."""
        del data
        return True


def _text(writer: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = None if _PLAIN.fullmatch(value) else '"'
    return writer.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else style)


_Writer.add_representer(str, _text)


def read_manifests(text: str) -> list[dict[str, Any]]:
    """Read all objects of a YAML stream; JSON is YAML.

    Raises:
        UnreadableManifest: it is neither, holds no object, or something that is none.
    """
    try:
        documents = [one for one in yaml.load_all(text, Loader=_Reader) if one is not None]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "somewhere"
        raise UnreadableManifest(f"neither YAML nor JSON at {where}; correct it") from None
    except yaml.YAMLError:
        raise UnreadableManifest(
            "neither YAML nor JSON: it has characters that no text has; correct it"
        ) from None
    if not documents:
        raise UnreadableManifest("no object in it; give a file with Kubernetes objects")
    if not all(isinstance(one, dict) for one in documents):
        raise UnreadableManifest("a document is no object; give a file with Kubernetes objects")
    return documents


def write_manifests(documents: list[dict[str, Any]]) -> str:
    """Write objects as one YAML stream, each as it would stand in a file of its own."""
    return yaml.dump_all(
        documents, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=1_000_000, explicit_start=False
    )

"""``kubectl realtime convert``, or ``python -m realtime_operator.convert``: sessions of the older endpoints, for ClientSecrets.

Reads Kubernetes objects as YAML or JSON, writes all of them to stdout with the sessions of the older endpoints converted, and says on
stderr what has no counterpart. Nothing in a cluster is read or changed.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

from realtime_operator.core.conversion import NotConvertible, converted, is_older
from realtime_operator.manifests import UnreadableManifest, read_manifests, write_manifests

DESCRIPTION: Final = (
    "Rewrite sessions of the endpoints Sessions and TranscriptionSessions for ClientSecrets. All objects of the file are written to "
    "stdout, the converted ones among them; remarks on what has no counterpart go to stderr. Nothing in the cluster is touched."
)
_HINT: Final = (
    "Look at the result, then `kubectl replace -f` it: that also removes the fields of the older shape, and keeps nulls. "
    "The Secret's token lives on until the new one is there."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("-f", "--filename", required=True, metavar="FILE", help="YAML or JSON; - is stdin")
    parser.add_argument("-o", "--output", choices=("yaml", "json"), default="yaml", help="default: yaml")


def run(options: argparse.Namespace) -> int:
    """Convert; returns the exit code: 1, with one line on stderr and nothing on stdout, when the input cannot be converted."""
    try:
        text = sys.stdin.read() if options.filename == "-" else Path(options.filename).read_text("utf-8")
        documents = read_manifests(text)
        remarks: list[str] = []
        results = [_converted(document, remarks) for document in documents]
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        return _refused(options.filename, f"{reason}; name a file of Kubernetes objects")
    except (UnreadableManifest, NotConvertible) as error:
        return _refused(options.filename, str(error))
    except RecursionError:
        return _refused(options.filename, "nested too deeply; flatten it")
    sys.stdout.write(_written(results, options.output))
    sys.stderr.writelines(f"{remark}\n" for remark in remarks)
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m realtime_operator.convert", description=DESCRIPTION)
    add_arguments(parser)
    return run(parser.parse_args(arguments))


def _converted(document: dict[str, Any], remarks: list[str]) -> dict[str, Any]:
    """Convert a session, or those of a list; anything else comes back as it is."""
    items = document.get("items")
    if str(document.get("kind", "")).endswith("List") and isinstance(items, list):
        return {
            **document,
            "items": [_converted(item, remarks) if isinstance(item, dict) else item for item in items],
        }
    name = _name(document)
    if not is_older(document):
        remarks.append(f"{name}: no session of an older endpoint; left as it is")
        return document
    try:
        result = converted(document)
    except NotConvertible as error:
        raise NotConvertible(f"{name}: {error}") from None
    remarks += [f"{name}: {remark}" for remark in result.remarks]
    remarks.append(f"{name}: converted. {_HINT}")
    return result.document


def _name(document: dict[str, Any]) -> str:
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    parts = (metadata.get("namespace"), metadata.get("name") or "(no name)")
    return f"{document.get('kind') or '(no kind)'} {'/'.join(str(part) for part in parts if part)}"


def _refused(filename: str, why: str) -> int:
    sys.stderr.write(f"{'stdin' if filename == '-' else filename}: {why}\n")
    return 1


def _written(documents: list[dict[str, Any]], output: str) -> str:
    if output == "yaml":
        return write_manifests(documents)
    one = documents[0] if len(documents) == 1 else {"apiVersion": "v1", "kind": "List", "items": documents}
    return json.dumps(one, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())

"""The way back from the older endpoints: a session written for ``sessions`` or ``transcription_sessions``, for ``client_secrets``.

Works on the document as its author wrote it, not on a model: what is not known here must come out as it went in. Nothing is left out,
changed or guessed without a remark that names it.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from realtime_operator.api.endpoint import Endpoint
from realtime_operator.api.group import KIND_SESSION
from realtime_operator.core.null_paths import LAST_APPLIED
from realtime_operator.core.older_shape import CHANGES, LOST, MOVES, NOTHING, TYPES, Path

Json = dict[str, Any]

_SERVER_METADATA: Final = (
    "managedFields",
    "resourceVersion",
    "uid",
    "generation",
    "creationTimestamp",
    "selfLink",
)


class NotConvertible(Exception):
    """The document cannot be converted as it is; the message names the field and the remedy."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """A converted session.

    Attributes:
        document: the whole object, without status and without what the API server puts into metadata; fit for ``kubectl replace``.
        remarks: what is no longer said, or is said otherwise than by a mere move; each begins with the field's path.
    """

    document: Json
    remarks: tuple[str, ...]


def is_older(document: Mapping[str, Any]) -> bool:
    """Whether a document is a session for one of the older endpoints."""
    spec = document.get("spec")
    return (
        document.get("kind") == KIND_SESSION
        and isinstance(spec, dict)
        and spec.get("endpoint") in tuple(TYPES)
    )


def converted(document: Mapping[str, Any]) -> Conversion:
    """Convert a session for which `is_older` holds; the document itself is left as it is.

    Raises:
        NotConvertible: a field is no object where one is needed to move something out of it or into it.
    """
    return _Work(copy.deepcopy(dict(document))).done()


class _Work:
    """One conversion under way."""

    def __init__(self, document: Json) -> None:
        self._document, self._spec = document, document["spec"]
        self._endpoint = Endpoint(self._spec["endpoint"])
        self._session: Json = {"type": TYPES[self._endpoint]}
        self._remarks: list[str] = []

    def done(self) -> Conversion:
        """Convert all parts."""
        before = self._spec.get("session")
        for name, value in _object({} if before is None else before, "spec.session").items():
            self._carry(name, value)
        self._spec |= {"endpoint": Endpoint.CLIENT_SECRETS.value, "session": self._session}
        self._convert_null_paths()
        self._convert_secret_values()
        self._forget_what_the_server_wrote()
        return Conversion(self._document, tuple(self._remarks))

    def _carry(self, name: str, value: Any) -> None:
        """Bring one field of the body to where it belongs."""
        at = f"spec.session.{name}"
        if name == "type":
            return
        if name == "client_secret":
            self._take_lifetime(value, at)
        elif name in LOST[self._endpoint]:
            self._remark(at, f"{LOST[self._endpoint][name]}; left out")
        elif name in MOVES[self._endpoint]:
            changed, words = CHANGES[name](value) if name in CHANGES else (value, "")
            self._remark(at, words)
            self._put(MOVES[self._endpoint][name], changed, at)
        else:
            self._remark(at, f"not documented for {self._endpoint}; taken along as it is")
            self._put((name,), value, at)

    def _put(self, path: Path, value: Any, at: str) -> None:
        if value is NOTHING:
            return
        here = self._session
        for depth, step in enumerate(path[:-1], start=1):
            here = _object(here.setdefault(step, {}), f"spec.session.{'.'.join(path[:depth])}")
        if path[-1] in here:
            self._remark(at, f"{'.'.join(path)} says it already; left out")
        else:
            here[path[-1]] = value

    def _take_lifetime(self, value: Any, at: str) -> None:
        names = ("expires_after", "expires_at") if isinstance(value, dict) else ()
        wishes = [value[name] for name in names if isinstance(value.get(name), dict)]
        seconds = wishes[0].get("seconds") if wishes else None
        if "lifetimeSeconds" not in self._spec and isinstance(seconds, int):
            self._spec["lifetimeSeconds"] = seconds
            self._remark(at, "became spec.lifetimeSeconds")
        else:
            self._remark(at, "the lifetime is spec.lifetimeSeconds; left out")

    def _convert_null_paths(self) -> None:
        pointers = self._list("nullPaths")
        moved = [self._moved(pointer, f"spec.nullPaths[{index}]") for index, pointer in enumerate(pointers)]
        if pointers:
            self._spec["nullPaths"] = [pointer for pointer in moved if pointer is not None]

    def _convert_secret_values(self) -> None:
        values = [
            _object(value, f"spec.secretValues[{index}]")
            for index, value in enumerate(self._list("secretValues"))
        ]
        moved = [
            self._moved(value.get("path"), f"spec.secretValues[{index}]")
            for index, value in enumerate(values)
        ]
        if values:
            self._spec["secretValues"] = [
                {**value, "path": pointer}
                for value, pointer in zip(values, moved, strict=True)
                if pointer is not None
            ]

    def _moved(self, pointer: Any, at: str) -> str | None:
        """Give a JSON pointer into the older body as one into the current; None, with a remark, where there is none."""
        if not isinstance(pointer, str):
            raise NotConvertible(f"{at}: must be a JSON pointer; correct it, then convert again")
        first, slash, rest = pointer.removeprefix("/").partition("/")
        if first in LOST[self._endpoint] or first in {"client_secret", "type"}:
            self._remark(at, f"{pointer} has no counterpart; left out")
            return None
        return "/" + "/".join(MOVES[self._endpoint].get(first, (first,))) + slash + rest

    def _list(self, field: str) -> list[Any]:
        value = self._spec.get(field) or []
        if not isinstance(value, list):
            raise NotConvertible(f"spec.{field}: must be a list; correct it, then convert again")
        return value

    def _forget_what_the_server_wrote(self) -> None:
        self._document.pop("status", None)
        metadata = _object(self._document.get("metadata") or {}, "metadata")
        for name in _SERVER_METADATA:
            metadata.pop(name, None)
        annotations = metadata.get("annotations")
        if isinstance(annotations, dict) and annotations.pop(LAST_APPLIED, None) and not annotations:
            del metadata["annotations"]

    def _remark(self, at: str, words: str) -> None:
        if words:
            self._remarks.append(f"{at}: {words}")


def _object(value: Any, at: str) -> Json:
    if not isinstance(value, dict):
        raise NotConvertible(f"{at}: must be an object; correct it, then convert again")
    return value

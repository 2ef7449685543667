"""Where values from Secrets belong in a session's request: marks stand in for them until it is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from realtime_operator.api.group import GROUP
from realtime_operator.api.secret_value import SecretValue
from realtime_operator.core.errors import InvalidSession
from realtime_operator.core.json_pointer import is_there, lacking_list, put
from realtime_operator.core.reasons import Reason

DECIDED_ON = frozenset(
    {"/type", "/model", "/audio/input/transcription/model", "/input_audio_transcription/model"}
)
"""What rules and policies look at, so that it must stand where they see it."""


@dataclass(frozen=True, slots=True)
class ValueMark:
    """One value that a request lacks.

    Attributes:
        path: JSON pointer into the session.
        secret: name of the Secret, in the session's namespace.
        entry: which entry of it.
        field: of the spec that asks for it, for messages.
    """

    path: str
    secret: str
    entry: str
    field: str

    @property
    def text(self) -> str:
        """What stands in the session in its place; the same for the same path, so that the order of the list does not matter."""
        return f"{GROUP}/secret-value:{self.path}"

    @property
    def encoded(self) -> bytes:
        """The same as compact JSON."""
        return json.dumps(self.text, ensure_ascii=False).encode()


def with_marks(
    session: Mapping[str, Any], values: Sequence[SecretValue], null_paths: Sequence[str]
) -> tuple[dict[str, Any], tuple[ValueMark, ...]]:
    """Copy the session and put a mark where each value belongs; what lies on the way and is absent is made an object.

    Raises:
        InvalidSession: a path leads nowhere, to where something stands already, or to what is decided on before anything is sent.
    """
    result = dict(session)
    marks: list[ValueMark] = []
    for index, value in enumerate(values):
        ref = value.secret_key_ref
        mark = ValueMark(value.path, ref.name, ref.key, f"spec.secretValues[{index}]")
        _check(mark, session, [*null_paths, *(other.path for other in marks)])
        put(result, mark.path, mark.text, where=f"{mark.field}.path")
        marks.append(mark)
    return result, tuple(marks)


def check_encoded(session: bytes, marks: Sequence[ValueMark]) -> None:
    """See that each mark stands in the encoded session once, and so nothing else can be taken for it.

    Raises:
        InvalidSession: the session's author wrote a mark.
    """
    for mark in marks:
        if session.count(mark.encoded) != 1:
            raise InvalidSession(
                Reason.INVALID_SPEC,
                f"spec.session has the text {mark.text!r}, which {mark.field} uses itself; remove it.",
            )


def _check(mark: ValueMark, session: Mapping[str, Any], taken: Sequence[str]) -> None:
    where, path = f"{mark.field}.path {mark.path}", mark.path
    if path in DECIDED_ON or path == "/client_secret" or path.startswith("/client_secret/"):
        raise InvalidSession(
            Reason.INVALID_SPEC,
            f"{where}: type, model and lifetime do not come from a Secret, because rules and policies look at them;"
            " write them into the spec.",
        )
    for other in taken:
        if path == other or path.startswith(f"{other}/") or other.startswith(f"{path}/"):
            raise InvalidSession(
                Reason.INVALID_SPEC,
                f"{where}: {other} is in spec.nullPaths or spec.secretValues, too; keep one of the two.",
            )
    lacking = lacking_list(session, path)
    if lacking is not None:
        raise InvalidSession(
            Reason.INVALID_SPEC,
            f"{where}: spec.session has no list at {lacking}; write it there, or correct the path.",
        )
    if is_there(session, path):
        raise InvalidSession(
            Reason.INVALID_SPEC,
            f"{where}: spec.session has a value there already; keep one of the two.",
        )

"""Logs: one line each, structured, without what others would chat about and without what nobody may read.

``extra={"fields": {...}}`` of a log call adds fields to its line. Of an unexpected exception the frames and the class are
logged, not its text, because a foreign exception may quote what it was given.
"""

from __future__ import annotations

import errno
import json
import logging
import traceback
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TextIO

from realtime_operator.core.errors import OperatorError

OWN_LOGGER: Final = "realtime_operator"
CHATTY: Final = ("kopf", "httpx", "httpcore", "aiohttp", "asyncio", "urllib3", "kubernetes")
"""Loggers of libraries that dump bodies and patches, or say a line for every request."""

FOREIGN_LIMIT: Final = 300
"""Characters of a library's message that are kept: its first line says what happened, the rest may be a dump."""


class _ChatFilter(logging.Filter):
    """Drops what libraries say below WARNING, whatever their loggers' levels have been set to."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING or record.name.partition(".")[0] not in CHATTY


class JsonFormatter(logging.Formatter):
    """One JSON object per line: ts, level, logger, msg, the fields given, then error and traceback if there are."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        line = {
            "ts": _time_of(record),
            "level": record.levelname,
            "logger": record.name,
            "msg": _message_of(record),
            **_fields_of(record),
            **_failure_of(record),
        }
        return json.dumps(line, default=str, ensure_ascii=False)


class PlainFormatter(logging.Formatter):
    """The same for people: time, level, logger, message, ``name=value`` pairs; a traceback on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        failure = _failure_of(record)
        frames = failure.pop("traceback", "")
        pairs = "".join(f" {name}={value}" for name, value in {**_fields_of(record), **failure}.items())
        line = f"{_time_of(record)} {record.levelname:<7} {record.name}: {_message_of(record)}{pairs}"
        return f"{line}\n{frames}" if frames else line


def configure_logging(
    *, level: int = logging.INFO, plain: bool = False, stream: TextIO | None = None
) -> None:
    """Send all logs of the process to one stream, in place of the handlers that the root logger has.

    Args:
        level: of our own loggers; libraries are never heard below WARNING.
        plain: for people instead of machines.
        stream: standard error if None.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(PlainFormatter() if plain else JsonFormatter())
    handler.addFilter(_ChatFilter())
    logging.basicConfig(level=max(level, logging.INFO), handlers=[handler], force=True)
    logging.getLogger(OWN_LOGGER).setLevel(level)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def _time_of(record: logging.LogRecord) -> str:
    return (
        datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )


def _message_of(record: logging.LogRecord) -> str:
    message = record.getMessage()
    if record.name.partition(".")[0] == OWN_LOGGER:
        return message
    return message.partition("\n")[0][:FOREIGN_LIMIT]


def _fields_of(record: logging.LogRecord) -> Mapping[str, Any]:
    fields = getattr(record, "fields", None)
    return fields if isinstance(fields, Mapping) else {}


def _failure_of(record: logging.LogRecord) -> dict[str, str]:
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return {}
    if isinstance(error, OperatorError):
        return {"error": f"{type(error).__name__}: {error}"}
    return {"error": " < ".join(map(_name_of, _chain(error))), "traceback": _frames(error)}


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception, then what caused it, as far as a traceback would show."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _name_of(error: BaseException) -> str:
    if isinstance(error, OperatorError):
        return f"{type(error).__name__}: {error}"
    symbol = errno.errorcode.get(error.errno or 0) if isinstance(error, OSError) else None
    return f"{type(error).__name__} ({symbol})" if symbol else type(error).__name__


def _frames(error: BaseException) -> str:
    """Where it came from; source lines without values."""
    return "".join(traceback.format_tb(error.__traceback__)).rstrip()

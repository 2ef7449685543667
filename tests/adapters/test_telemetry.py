"""What the logs show, and what they never show."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from realtime_operator.adapters.telemetry import configure_logging
from realtime_operator.core.errors import ProviderUnavailable
from realtime_operator.core.reasons import Reason

PLANTED = "sk-planted-in-a-foreign-exception"
LOG = logging.getLogger("realtime_operator.engine.loop")


@pytest.fixture
def logged() -> Iterator[Callable[..., io.StringIO]]:
    """Configures logging into a stream; afterwards the root logger is as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers = []

    def configure(**settings: Any) -> io.StringIO:
        stream = io.StringIO()
        configure_logging(stream=stream, **settings)
        return stream

    yield configure
    root.handlers, root.level = handlers, level


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """The JSON lines written so far."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def fail_with(error: Exception, *, cause: Exception) -> None:
    """Raise."""
    raise error from cause


def test_a_line_is_one_json_object(logged: Callable[..., io.StringIO]) -> None:
    """Time, level, logger, message and the fields given stand in one line, whatever they hold."""
    stream = logged()
    LOG.info("token rotated\nin two lines", extra={"fields": {"session": "hotel/concierge", "late": 0.25}})
    (line,) = lines(stream)
    assert line.pop("ts").endswith("Z")
    assert line == {
        "level": "INFO",
        "logger": "realtime_operator.engine.loop",
        "msg": "token rotated\nin two lines",
        "session": "hotel/concierge",
        "late": 0.25,
    }


def test_the_plain_format_is_for_people(logged: Callable[..., io.StringIO]) -> None:
    """The same as text, with pairs at the end."""
    stream = logged(plain=True)
    LOG.warning("mint failed", extra={"fields": {"session": "hotel/concierge"}})
    expected = "WARNING realtime_operator.engine.loop: mint failed session=hotel/concierge\n"
    assert stream.getvalue().endswith(expected)


@pytest.mark.parametrize("name", ["kopf.objects", "kopf", "httpx", "aiohttp.access", "asyncio"])
def test_libraries_do_not_chat(logged: Callable[..., io.StringIO], name: str) -> None:
    """Libraries are silent below WARNING even when everything is at DEBUG and their loggers are opened again."""
    stream = logged(level=logging.DEBUG)
    library = logging.getLogger(name)
    before = library.level
    library.setLevel(logging.DEBUG)
    library.debug("Patching with: %s", PLANTED)
    library.info("Handler succeeded")
    LOG.debug("ours")
    library.warning("the watch was closed\nbody: %s", PLANTED)
    library.setLevel(before)
    assert [line["msg"] for line in lines(stream)] == ["ours", "the watch was closed"]


def test_debug_is_off_by_default(logged: Callable[..., io.StringIO]) -> None:
    """Our own DEBUG lines need the level."""
    stream = logged()
    LOG.debug("detail")
    assert stream.getvalue() == ""


def test_an_error_of_ours_is_one_sentence(logged: Callable[..., io.StringIO]) -> None:
    """An OperatorError is shown by class and message, without frames."""
    stream = logged()
    error = ProviderUnavailable(Reason.PROVIDER_UNAVAILABLE, "connection refused")
    LOG.error("mint failed", exc_info=error)
    (line,) = lines(stream)
    assert line["error"] == "ProviderUnavailable: connection refused"
    assert "traceback" not in line


@pytest.mark.parametrize("plain", [False, True], ids=["JSON", "plain"])
def test_an_unexpected_error_keeps_its_text(logged: Callable[..., io.StringIO], plain: bool) -> None:  # noqa: FBT001 - a table's column
    """Of a foreign exception the frames and the classes of its chain are shown, never its text, which may quote a key."""
    stream = logged(plain=plain)
    try:
        fail_with(ValueError(f"{PLANTED} is not valid"), cause=ConnectionResetError(104, PLANTED))
    except ValueError:
        LOG.exception("pass failed")
    text = stream.getvalue()
    assert PLANTED not in text
    assert "ValueError < ConnectionResetError (ECONNRESET)" in text
    assert "in fail_with" in text


def test_a_foreign_error_around_ours_shows_ours(logged: Callable[..., io.StringIO]) -> None:
    """The sentence of an OperatorError further down the chain is not lost."""
    stream = logged()
    cause = ProviderUnavailable(Reason.PROVIDER_UNAVAILABLE, "connection refused")
    try:
        fail_with(KeyError(PLANTED), cause=cause)
    except KeyError:
        LOG.exception("pass failed")
    assert lines(stream)[0]["error"] == "KeyError < ProviderUnavailable: connection refused"

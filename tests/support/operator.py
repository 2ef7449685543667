"""The operator for tests: in this process on a thread with a loop of its own, or as a process."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import logging
import os
import signal
import sys
import threading
import time
import warnings
from abc import ABC, abstractmethod
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from hack.controlplane import end, spawn
from realtime_operator.adapters.kubeconfig import access_of_kubeconfig
from realtime_operator.adapters.telemetry import JsonFormatter
from realtime_operator.settings import Settings
from realtime_operator.wiring import Operator

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator, Mapping, Sequence

Found = TypeVar("Found")
ROOT = Path(__file__).parents[2]
GROUP = "realtime-operator.io"
DEADLINE = 20.0  # seconds that anything waited for may take; a busy machine included
LOOK_AGAIN = 0.02
OPERATOR_LOGGER = logging.getLogger("realtime_operator")
PROBES = {"host": "127.0.0.1", "port": 0}


def wait_for(find: Callable[[], Found | None], what: str, *, within: float = DEADLINE) -> Found:
    """Ask again and again until there is an answer, and give it.

    Raises:
        TimeoutError: there is none in time; says what was waited for.
    """
    deadline = time.monotonic() + within
    while not (found := find()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {within:.0f} s: {what}")
        time.sleep(LOOK_AGAIN)
    return found


@contextmanager
def farewell_to_kopf() -> Iterator[None]:
    """End a watch in this block: kopf's TLS connections may still wait for the server's farewell when its loop ends."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.unfreeze()  # the operator freezes what lives long, which in this process includes the tests' objects
        gc.collect()


class Running(ABC):
    """An operator that was started.

    Attributes:
        url: of its probe server; empty until that is known.
    """

    url = ""

    @abstractmethod
    def log_text(self) -> str:
        """What it logged so far."""

    @abstractmethod
    def raise_if_ended(self) -> None:
        """Raise what ended it, if it has ended."""

    def logged(self) -> list[dict[str, Any]]:
        """What it logged so far, line by line; fails at a line that is no JSON object."""
        text = self.log_text()
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]

    def wait_until_ready(self) -> None:
        """Wait until ``/readyz`` says so."""
        self.wait_until_it_listens()
        wait_for(self._has_begun, "the operator is ready")

    def wait_until_it_listens(self) -> None:
        """Wait until its probes can be asked."""
        self.url = f"http://127.0.0.1:{wait_for(self._port, 'the operator says its port')}"

    def _port(self) -> int | None:
        self.raise_if_ended()
        return next((line["port"] for line in self.logged() if line["msg"] == "running"), None)

    def _has_begun(self) -> bool:
        self.raise_if_ended()
        return self.is_ready()

    def get(self, path: str) -> httpx.Response:
        """Ask for a path."""
        return httpx.get(self.url + path, trust_env=False, timeout=DEADLINE)

    def is_ready(self) -> bool:
        """Whether ``/readyz`` says so."""
        try:
            return self.get("/readyz").is_success
        except httpx.TransportError:
            return False

    def metrics(self) -> str:
        """The text of ``/metrics``."""
        return self.get("/metrics").text


class RunningOperator(Running):
    """The operator on a thread of this process, so that a test that blocks does not hold it up.

    Attributes:
        operator: the object itself, once it is started.
    """

    operator: Operator

    def __init__(self, settings: Settings, kubeconfig: Path) -> None:
        self._settings, self._access = settings, access_of_kubeconfig([kubeconfig])
        self._logged = io.StringIO()
        self._handler = logging.StreamHandler(self._logged)
        self._handler.setFormatter(JsonFormatter())
        self._loop = asyncio.new_event_loop()
        self._stop: asyncio.Event | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="operator")

    def start(self) -> None:
        """Begin, and wait until it is ready."""
        self._level_before = OPERATOR_LOGGER.level
        OPERATOR_LOGGER.setLevel(logging.DEBUG)
        OPERATOR_LOGGER.addHandler(self._handler)
        self._thread.start()
        self.wait_until_ready()

    def stop(self) -> None:
        """End it as SIGTERM would, and wait.

        Raises:
            Exception: whatever ended it before.
        """
        with farewell_to_kopf():
            if self._stop is not None and self._error is None:
                self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(DEADLINE)
        OPERATOR_LOGGER.removeHandler(self._handler)
        OPERATOR_LOGGER.setLevel(self._level_before)
        if self._thread.is_alive():
            raise TimeoutError("the operator did not end")
        self.raise_if_ended()

    def log_text(self) -> str:
        """What it logged so far."""
        return self._logged.getvalue()

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._until_stopped())
        except BaseException as error:  # noqa: BLE001 - raised again in the test's thread
            self._error = error

    async def _until_stopped(self) -> None:
        self._stop = asyncio.Event()
        self.operator = Operator(self._settings, self._access, instance="in-process")
        await self.operator.run(self._stop)

    def raise_if_ended(self) -> None:
        """Raise what ended it, if anything did."""
        if self._error is not None:
            raise self._error


@contextmanager
def running_operator(
    kubeconfig: Path, *, namespaces: Sequence[str] = (), **settings: object
) -> Iterator[RunningOperator]:
    """Run the operator in this process until the block ends.

    Args:
        kubeconfig: its identity.
        namespaces: those it is installed for; empty for the whole cluster.
        settings: as in `Settings`.

    Yields:
        It, ready.
    """
    chosen = Settings.model_validate({"namespaces": tuple(namespaces)} | PROBES | settings)
    running = RunningOperator(chosen, kubeconfig)
    try:
        running.start()
        yield running
    finally:
        running.stop()


class OperatorProcess(Running):
    """The operator as a process of its own, which dies with this one.

    Attributes:
        process: as started.
    """

    def __init__(self, process: subprocess.Popen[bytes], log_file: Path) -> None:
        self.process = process
        self._log_file = log_file

    def terminate(self) -> tuple[int, float]:
        """End it by SIGTERM; give its exit code and the seconds it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE), time.monotonic() - began

    def kill(self) -> None:
        """End it as ``kill -9`` does."""
        self.process.kill()
        self.process.wait()

    def log_text(self) -> str:
        """What it printed so far."""
        return self._log_file.read_text()

    def raise_if_ended(self) -> None:
        """Raise, with what it printed, if it has ended."""
        if self.process.poll() is not None:
            raise RuntimeError(f"the operator ended with {self.process.returncode}: {self.log_text()}")


@contextmanager
def operator_process(
    kubeconfig: Path,
    log_file: Path,
    *flags: str,
    package_root: Path | None = None,
    module: str = "realtime_operator",
    environment: Mapping[str, str] | None = None,
    until_ready: bool = True,
    prefix: Sequence[str] = (),
) -> Iterator[OperatorProcess]:
    """Start ``python -m realtime_operator``, wait until it is ready, and always end it.

    Args:
        kubeconfig: its identity.
        log_file: where it prints to.
        flags: of its command line.
        package_root: folder to import the package from; None for the product's own.
        module: run in place of the product's own entry.
        environment: variables besides those of this process.
        until_ready: whether to wait for that; one that ends itself may never get there.
        prefix: words before its command line.

    Raises:
        RuntimeError: when it ends before it is ready; what it said is in the message.
        TimeoutError: when it is not ready in time.
    """
    variables = {**os.environ, "KUBECONFIG": str(kubeconfig), **(environment or {})}
    if package_root is not None:
        variables["PYTHONPATH"] = str(package_root)
    command = [*prefix, sys.executable, "-m", module, "--host", "127.0.0.1", "--port", "0", *flags]
    running = OperatorProcess(spawn(command, log_file=log_file, env=variables, cwd=ROOT), log_file)
    try:
        if until_ready:
            running.wait_until_ready()
        yield running
    finally:
        end(running.process)

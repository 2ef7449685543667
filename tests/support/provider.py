"""Stand-in providers for tests: in this process on a thread of its own, or as a process, steered alike."""

from __future__ import annotations

import json
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from demo.provider.ledger import Ledger
from demo.provider.provider import Provider
from demo.provider.remote import RemoteProvider
from demo.provider.serving import Serving
from demo.provider.settings import KeyRing, Settings
from hack.controlplane import end, spawn

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

KEY = "sk-standin-0123456789-wxyz"
ROOT = Path(__file__).parents[2]
RECORDED = 1000  # requests a test may look back on
START = 40.0  # seconds a stand-in may take to be ready; it takes half a second
END = 10.0  # seconds a stand-in may take to end; it takes a twentieth of that


@contextmanager
def running_provider(
    *, keys: tuple[str, ...] = (KEY,), ledger: Path | None = None, seed: int = 0, **settings: object
) -> Iterator[RemoteProvider]:
    """Serve a stand-in on a free port of the loopback, from a thread with an event loop of its own.

    Args:
        keys: provider keys that it accepts.
        ledger: file for its ledger.
        seed: of its drawn latencies and faults.
        settings: as in `Settings`; requests are recorded unless said otherwise.

    Yields:
        The hand on it; `.url` is the base URL, which answers already.
    """
    chosen = Settings.model_validate({"record_requests": RECORDED} | settings)
    with Ledger(ledger) as entered:
        serving = Serving(Provider(KeyRing(keys), chosen, ledger=entered, seed=seed))
        thread = threading.Thread(target=serving.run, name="stand-in provider")
        thread.start()
        try:
            with RemoteProvider(serving.url) as remote:
                yield remote
        finally:
            serving.stop()
            thread.join(END)
    if thread.is_alive():
        raise TimeoutError("the stand-in provider did not end")


class ProviderProcess:
    """A stand-in in a process of its own, which dies with this one, however this one dies."""

    def __init__(self, process: subprocess.Popen[bytes], log_file: Path, remote: RemoteProvider) -> None:
        self.process = process
        self.remote = remote
        self._log_file = log_file

    def terminate(self) -> int:
        """End it by SIGTERM, or by force when that takes too long, and give its exit code."""
        return end(self.process, grace_seconds=END)

    def printed(self) -> list[str]:
        """Give the lines it has printed, the ready line first."""
        return self._log_file.read_text().splitlines()


@contextmanager
def provider_process(folder: Path, *flags: str, key: str = KEY) -> Iterator[ProviderProcess]:
    """Start `python -m demo.provider` on a free port, with its key in a file in `folder`; always end it.

    Raises:
        RuntimeError: when it ends before it is ready; what it said is in the message.
        TimeoutError: when it is not ready in time.
    """
    key_file, log_file = folder / "provider-key", folder / "provider.log"
    key_file.write_text(key + "\n")
    command = [sys.executable, "-m", "demo.provider", "--key-file", str(key_file), *flags]
    process = spawn(command, log_file=log_file, cwd=ROOT)
    try:
        with RemoteProvider(ready_url(process, log_file)) as remote:
            yield ProviderProcess(process, log_file, remote)
    finally:
        end(process, grace_seconds=END)


def ready_url(process: subprocess.Popen[bytes], log_file: Path) -> str:
    """Wait for the ready line of a stand-in that was just started, and give the base URL in it."""
    deadline = time.monotonic() + START
    while "\n" not in (printed := log_file.read_text()):
        if process.poll() is not None:
            raise RuntimeError(f"the stand-in did not start: {log_file.read_text()}")
        if time.monotonic() > deadline:
            raise TimeoutError("the stand-in is not ready")
        time.sleep(0.02)
    if not printed.startswith("{"):
        raise RuntimeError(f"the stand-in did not start: {printed}")
    url: str = json.loads(printed.splitlines()[0])["url"]
    return url

"""Stand-in providers for tests: in this process on a thread of its own, or as a process, steered alike."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from demo.provider.ledger import Ledger
from demo.provider.provider import Provider
from demo.provider.remote import RemoteProvider
from demo.provider.serving import Serving
from demo.provider.settings import KeyRing, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "sk-standin-0123456789-wxyz"
ROOT = Path(__file__).parents[2]
RECORDED = 1000  # requests a test may look back on
END = 5.0  # seconds a stand-in may take to end; it takes a tenth of that


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
    """A stand-in in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], remote: RemoteProvider) -> None:
        self.process = process
        self.remote = remote

    def terminate(self) -> tuple[int, str, str]:
        """End it by SIGTERM and give exit code, stdout since the ready line, and stderr.

        Raises:
            subprocess.TimeoutExpired: when it does not end.
        """
        self.process.terminate()
        out, err = self.process.communicate(timeout=END)
        return self.process.returncode, out, err


@contextmanager
def provider_process(folder: Path, *flags: str, key: str = KEY) -> Iterator[ProviderProcess]:
    """Start `python -m demo.provider` on a free port, with its key in a file in `folder`; always end it.

    Raises:
        RuntimeError: when it ends before it is ready; what it said is in the message.
    """
    key_file = folder / "provider-key"
    key_file.write_text(key + "\n")
    command = [sys.executable, "-m", "demo.provider", "--key-file", str(key_file), *flags]
    with subprocess.Popen(
        command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise RuntimeError(f"the stand-in did not start: {process.communicate(timeout=END)[1]}")
            with RemoteProvider(json.loads(line)["url"]) as remote:
                yield ProviderProcess(process, remote)
        finally:
            process.kill()

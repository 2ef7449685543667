"""The folder of credentials that the operator's pod is given, say by a projected volume.

Small files on a local mount are read at once, in the loop. What is no plain file is not read at all: a pipe would hold the loop up.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from realtime_operator.core.errors import ProviderNotReady
from realtime_operator.core.reasons import Reason

FILE_LIMIT: Final = 16 * 1024
"""Twice what a header can carry; a larger file is no key."""

ATTEMPTS: Final = 2
"""The kubelet swaps a link to publish another version, and removes the one before: a file found in it may be gone when it is opened."""


class CredentialFiles:
    """Reads by path; nothing is remembered here."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, path: str) -> str:
        """Read a file by its path below the folder; see ``reference_ports.KeyFiles``.

        Symbolic links are followed, because the kubelet publishes by them, but not out of the folder: what else is mounted into the
        pod, the service account's token above all, is nobody's key.
        """
        for _ in range(ATTEMPTS):
            try:
                return self._read(path)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except (OSError, RuntimeError) as error:
                raise _refusal(path, f"cannot be read ({type(error).__name__})") from None
        raise _refusal(path, f"is not there: the operator has no such file below {self._folder}")

    def _read(self, path: str) -> str:
        found = (self._folder / path).resolve(strict=True)
        if not found.is_relative_to(self._folder.resolve()):
            raise _refusal(path, "leads out of the folder that the operator reads keys from")
        return _text_of(found, path)


def _text_of(found: Path, path: str) -> str:
    descriptor = os.open(found, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _refusal(path, "is no plain file")
        content = file.read(FILE_LIMIT + 1)
    if len(content) > FILE_LIMIT:
        raise _refusal(path, f"is larger than {FILE_LIMIT} bytes, so it is no key")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise _refusal(path, "is no text") from None


def _refusal(path: str, what: str) -> ProviderNotReady:
    return ProviderNotReady(
        Reason.KEY_FILE_UNUSABLE,
        f"spec.auth.file.path {path}: {what}; mount the key there, or correct the path.",
    )

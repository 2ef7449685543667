"""A mounted Secret as the kubelet keeps it: entries are links through `..data`, which is swapped for a new folder in one step."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

DATA, NEXT_DATA = "..data", "..data_tmp"


class Volume:
    """The folder that a pod mounts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        folder.mkdir()

    @property
    def document(self) -> Path:
        """The one file that has it all."""
        return self._folder / "realtime.json"

    def write(self, token: str, *, seconds: float = 600) -> str:
        """Put a token there that lives so long; the one before becomes `previous-token`. Give the new one's id."""
        before = json.loads(self.document.read_text())["token"] if self.document.exists() else ""
        expires_at = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
        document = {
            "token": token,
            "expires-at": expires_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "previous-token": before,
            "base-url": "https://api.openai.com/v1",
            "model": "gpt-realtime",
        }
        self._swap(json.dumps(document))
        return token_id(token)

    def _swap(self, text: str) -> None:
        """Write a new folder beside, point `..data` to it by a rename, remove the old one: the kubelet's order."""
        data, self._count = self._folder / DATA, self._count + 1
        fresh = self._folder / f"..2026_11_28_{self._count}"
        fresh.mkdir()
        (fresh / "realtime.json").write_text(text)
        old = data.resolve() if data.exists() else None
        link = self._folder / NEXT_DATA
        link.symlink_to(fresh.name)
        link.rename(data)
        if not self.document.is_symlink():
            self.document.symlink_to(f"{DATA}/realtime.json")
        if old is not None:
            shutil.rmtree(old)


def token_id(token: str) -> str:
    """Give what may be shown of a token."""
    return hashlib.sha256(token.encode()).hexdigest()[:12]

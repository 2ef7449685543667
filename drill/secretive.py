"""Recognises what nobody may read, in any text: plain, or in base64."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from demo.provider.ledger import hash_of

TOKEN: Final = re.compile(r"ek_[0-9a-f]{32}")
BARE: Final = re.compile(r"(?<![0-9a-f])(?<!ek_)[0-9a-f]{32}(?![0-9a-f])")
"""What a token is without its prefix, and many other things are too: only the ledger knows."""

BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{24,}")
URL_SAFE: Final = str.maketrans("-_", "+/")


@dataclass(frozen=True, slots=True)
class Secretive:
    """What nobody may read.

    Attributes:
        key: the provider key.
        canary: words out of the body of each request to the provider.
        token_hashes: SHA-256 of each token of the run, in hexadecimal digits.
    """

    key: str = field(repr=False)
    canary: str
    token_hashes: frozenset[str] = field(repr=False)

    def found_in(self, text: str) -> list[str]:
        """Name what a text gives away, as often as it does; never the secret itself."""
        found = list(self._plain(text))
        for run in BASE64.findall(text):
            for decoded in _decoded(run):
                found += [f"{what} in base64" for what in self._plain(decoded)]
        return found

    def _plain(self, text: str) -> Iterator[str]:
        yield from ["provider key"] * text.count(self.key)
        yield from ["request body"] * text.count(self.canary)
        for match in TOKEN.finditer(text):
            yield "token" if hash_of(match[0]) in self.token_hashes else "token unknown to the ledger"
        for match in BARE.finditer(text):
            if hash_of(f"ek_{match[0]}") in self.token_hashes:
                yield "token without its prefix"


def _decoded(run: str) -> Iterator[str]:
    """Give what a run of base64 says, wherever in it a value may begin."""
    plain = run.translate(URL_SAFE)
    for begin in range(4):
        part = plain[begin:]
        part = part[: len(part) - (len(part) % 4 == 1)]
        yield base64.b64decode(part + "=" * (-len(part) % 4)).decode("latin-1")

"""A typed hand on a stand-in's control API; the same for one in this process and for one in another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import httpx

from demo.provider.dialects import DIALECTS
from demo.provider.faults import Match, Rule
from demo.provider.ledger import Mint

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from demo.provider.actions import AnyAction


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger: the mint, its number from 1, and when it was answered, if ever."""

    n: int
    mint: Mint
    answered_at: float | None

    @classmethod
    def parse(cls, line: Mapping[str, Any]) -> Entry:
        """Read one decoded line, from the control API or from a ledger file."""
        mint = {name: value for name, value in line.items() if name not in {"n", "answered_at"}}
        return cls(line["n"], Mint(**mint), line["answered_at"])


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request as the stand-in got it: null and absent differ; `status` is None while unanswered."""

    n: int
    at: float
    method: str
    path: str
    endpoint: str
    headers: dict[str, str]
    key_fingerprint: str
    body: Any
    request_id: str
    status: int | None


class RemoteProvider:
    """Reads and steers one running stand-in. Blocking: each call is one request over the loopback.

    Raises, in every method: httpx.HTTPError when the stand-in is gone or refuses what it is told.
    """

    def __init__(self, url: str, *, verify: ssl.SSLContext | bool = True) -> None:
        """Make a hand on the stand-in whose base URL is `url`, as `http://127.0.0.1:PORT/v1`."""
        self.url = url
        origin = httpx.URL(url).join("/_standin/")
        self._client = httpx.Client(base_url=origin, verify=verify, trust_env=False, timeout=10)

    def base_of(self, dialect: str) -> str:
        """Give the base URL at which the stand-in speaks a dialect, as `azure`.

        Raises:
            LookupError: when it speaks none of that name.
        """
        path = next((it.base for it in DIALECTS if it.name == dialect), None)
        if path is None:
            raise LookupError(f"the stand-in does not speak {dialect}")
        return str(httpx.URL(self.url).join(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection to the stand-in, which goes on."""
        self._client.close()

    def health(self) -> dict[str, Any]:
        """Give `{status, now, mints}`."""
        return self._call("GET", "health")

    def now(self) -> float:
        """Give the stand-in's time, seconds since the epoch."""
        return float(self.health()["now"])

    def settings(self) -> dict[str, Any]:
        """Give all settings, and `key_fingerprints`."""
        return self._call("GET", "settings")

    def set(self, **settings: object) -> None:
        """Replace the settings that are named, as in `Settings`."""
        self._call("PUT", "settings", json=settings)

    def accept_keys(self, *keys: str) -> None:
        """Accept these provider keys from now on, and no others."""
        self._call("PUT", "keys", json={"keys": keys})

    def fault(self, action: AnyAction, **match: object) -> None:
        """Put one more rule in force; `match` as in `Match`: endpoint, model, times, probability, until, beyond_per_minute."""
        rule = Rule(match=Match.model_validate(match), action=action)
        self._call("POST", "faults", json=rule.model_dump())

    def clear_faults(self) -> None:
        """Put no rule in force."""
        self._call("DELETE", "faults")

    def faults_taken(self) -> list[int]:
        """Give for each rule in force the number of requests that it took."""
        return [rule["taken"] for rule in self._call("GET", "faults")["faults"]]

    def ledger(self, after: int = 0) -> list[Entry]:
        """Give the mints with a number above `after`, oldest first.

        Raises:
            LookupError: when the stand-in has forgotten some of them.
        """
        entries: list[Entry] = []
        while True:
            page = self._call("GET", f"ledger?after={after + len(entries)}")
            if page["forgotten"]:
                raise LookupError(f"{page['forgotten']} mints are no longer in the stand-in's memory")
            entries += map(Entry.parse, page["mints"])
            if after + len(entries) >= page["last"]:
                return entries

    def requests(self, after: int = 0) -> list[Recorded]:
        """Give the recorded requests with a number above `after`, oldest first."""
        return [Recorded(**it) for it in self._call("GET", f"requests?after={after}")["requests"]]

    def _call(self, method: str, path: str, *, json: object = None) -> dict[str, Any]:
        answer = self._client.request(method, path, json=json)
        answer.raise_for_status()
        content: dict[str, Any] = answer.json()
        return content

"""Sessions that come, change and go while the others rotate: what a cluster at work does to the operator all day."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.arithmetic import Figure
from bench.cluster import SESSIONS, Api, instructions, session_document, session_name
from bench.ledger import waits_for_a_mint
from bench.run import Run
from bench.settings import MINUTE_S
from bench.testimony import Evidence
from observer.figures import percentile

SHARE_A_MINUTE: Final = 0.1
"""Of all sessions: so many are created, changed and deleted each minute."""

LAST_S: Final = 5.0
"""How long before the window's end the last of it happens, so that it can be seen to its end."""


async def churn(run: Run, seconds: float) -> Churned:
    """Create, change and delete sessions in equal number, evenly, the oldest going first.

    Raises:
        bench.cluster.ApiError: something was refused.
    """
    settings, loop = run.settings, asyncio.get_running_loop()
    run.enter("churning", seconds)
    living = deque(map(session_name, range(settings.sessions)))
    pause = MINUTE_S / (SHARE_A_MINUTE * settings.sessions)
    churned = Churned({}, {}, [])
    begin = loop.time()
    for step in range(int(max(0.0, seconds - LAST_S) / pause)):
        await asyncio.sleep(begin + step * pause - loop.time())
        await _step(run.api, churned, living, settings.sessions + step, settings.lifetime)
    return churned


async def _step(api: Api, churned: Churned, living: deque[str], index: int, lifetime: int) -> None:
    """Let one session come, one change and one go."""
    document = session_document(index, lifetime)
    new, changed, gone = session_name(index), living[len(living) // 2], living.popleft()
    churned.created[new] = churned.changed[changed] = time.time()
    churned.deleted.append(gone)
    living.append(new)
    await asyncio.gather(
        api.add(document),
        api.change(f"{SESSIONS}/{changed}", {"spec": {"session": {"instructions": _other(index, document)}}}),
        api.delete(f"{SESSIONS}/{gone}"),
    )


def _other(index: int, document: Mapping[str, Any]) -> str:
    """Instructions of the same length that no session has had."""
    usual: str = document["spec"]["session"]["instructions"]
    return instructions(len(usual), f"Call them guest {index}. ")


@dataclass(frozen=True, slots=True)
class Churned:
    """What came, changed and went.

    Attributes:
        created: by session: when its creation was sent, seconds since the epoch.
        changed: by session: when its change was sent.
        deleted: names, the earliest first.
    """

    created: dict[str, float]
    changed: dict[str, float]
    deleted: list[str]

    def figures(self, during: Evidence, _: Sequence[Mapping[str, Any]], ledger: Path) -> dict[str, Figure]:
        """Give the figures, from what the window's witness saw and the ledger has."""
        tokens = during.first_tokens
        waits = sorted(tokens[name] - at for name, at in self.created.items() if name in tokens)
        answered = sorted(waits_for_a_mint(ledger, self.changed))
        return {
            "created_sessions": len(self.created),
            "changed_sessions": len(self.changed),
            "deleted_sessions": len(self.deleted),
            "new_ready_p99_s": percentile(waits, 0.99),
            "changes_answered_p99_s": percentile(answered, 0.99),
            "unanswered": len(self.created) - len(waits) + len(self.changed) - len(answered),
        }

    def details(self, _: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Nothing besides."""
        return {}

"""The independent witness of the product's promise.

Watches Secrets and RealtimeSessions with its own connection and its own clock, and counts expired and missing
seconds, rotations, undue and orphan mints. It shares no code with the operator, so that one error cannot hide
another. Use it in a process of your own, or as ``python -m observer``:

    async with Observer(kubeconfig=path, ledger=LedgerFile(ledger)) as observer:
        ...
        print(observer.figures().as_dict())
"""

from observer.figures import Figures, SessionRow
from observer.kubeconfig import KubeconfigError
from observer.ledger import Ledger, LedgerFile, LedgerHttp, LedgerUnreadableError
from observer.observe import Observer, ObserverNotReadyError

__all__ = [
    "Figures",
    "KubeconfigError",
    "Ledger",
    "LedgerFile",
    "LedgerHttp",
    "LedgerUnreadableError",
    "Observer",
    "ObserverNotReadyError",
    "SessionRow",
]

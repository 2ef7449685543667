"""What can be got at from an object."""

from __future__ import annotations

import gc
from types import BuiltinFunctionType, FunctionType, ModuleType


def reachable_text(error: BaseException) -> str:
    """All text and bytes that can be reached from an exception: its attributes, its chain, the frames of the chain's tracebacks.

    Its own traceback is left out: it leads to the frames that hold the request because they sent it.
    """
    error.__traceback__ = None
    seen: set[int] = set()
    found: list[str] = []
    pending: list[object] = [error]
    while pending:
        thing = pending.pop()
        if id(thing) in seen or isinstance(thing, type | ModuleType | FunctionType | BuiltinFunctionType):
            continue
        seen.add(id(thing))
        if isinstance(thing, str):
            found.append(thing)
        elif isinstance(thing, bytes | bytearray):
            found.append(thing.decode("latin-1"))
        pending += gc.get_referents(thing)
    return "\n".join(found)

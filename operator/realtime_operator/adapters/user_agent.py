"""How the operator introduces itself to every server that it calls."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def product_version() -> str:
    """The version of the installed distribution; ``0`` when run from a bare checkout."""
    try:
        return version("realtime-operator")
    except PackageNotFoundError:
        return "0"


USER_AGENT = f"realtime-operator/{product_version()}"

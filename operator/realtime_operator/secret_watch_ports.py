"""What the engine needs from the world where it may watch Secrets. The adapter fulfils it, and so does the tests' fake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from realtime_operator.core.secret_view import SecretStamp

SecretName = tuple[str, str]
"""A Secret's namespace and name."""


class SecretsHeard(Protocol):
    """Who hears of Secrets. Only which there are and in which version is told, never what they hold."""

    def listed(self, stamps: Mapping[SecretName, SecretStamp]) -> None:
        """These there are, and no others, in the place that is watched; from now on each change of them is told."""
        ...

    def changed(self, name: SecretName, stamp: SecretStamp | None) -> None:
        """One has this version now, of whomever; None where it is gone, or is not labelled as ours any more."""
        ...


class SecretFeed(Protocol):
    """The Secrets that are labelled as the operator's."""

    async def follow(self, namespace: str | None, heard: SecretsHeard) -> None:
        """List them, then tell of each change, until that cannot go on.

        Args:
            namespace: the place; None is the whole cluster.
            heard: who is told.

        Raises:
            ClusterUnavailable: something may have been missed from now on; follow anew.
            ClusterForbidden: the right to list or to watch is missing.
        """
        ...

"""Which providers a session may get, the first that there is of these."""

from __future__ import annotations

from functools import lru_cache

from realtime_operator.api.group import DEFAULT_PROVIDER_NAME, KIND_CLUSTER_PROVIDER, KIND_PROVIDER
from realtime_operator.engine.lanes import ProviderKey


@lru_cache(maxsize=1024)  # nearly all sessions of a namespace ask for the same, at each look
def candidates(
    named: tuple[str, str] | None, namespace: str, *, cluster_kind: bool
) -> tuple[ProviderKey, ...]:
    """The providers in question, best first; at least one.

    Args:
        named: kind and name that the session gives; None for none.
        namespace: of the session.
        cluster_kind: whether ClusterRealtimeProviders are honoured.
    """
    if named is not None:
        kind, name = named
        return ((kind, "" if kind == KIND_CLUSTER_PROVIDER else namespace, name),)
    own = (KIND_PROVIDER, namespace, DEFAULT_PROVIDER_NAME)
    return (own, (KIND_CLUSTER_PROVIDER, "", DEFAULT_PROVIDER_NAME)) if cluster_kind else (own,)

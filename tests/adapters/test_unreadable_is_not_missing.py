"""No store takes trouble for absence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from realtime_operator.adapters.kube_client import KubeClient
from realtime_operator.adapters.kube_objects import KubeObjects
from realtime_operator.adapters.kube_references import KubeReferences
from realtime_operator.adapters.kube_secrets import KubeSecrets
from realtime_operator.api.group import KIND_SESSION
from realtime_operator.core.errors import ClusterUnavailable
from realtime_operator.core.object_ref import ObjectRef
from tests.adapters.plain_http import serving, status

REF = ObjectRef(KIND_SESSION, "hotel", "concierge", "uid")
CALLS: dict[str, Callable[[KubeClient], Awaitable[object]]] = {
    "read a Secret": lambda client: KubeSecrets(client).read("hotel", "concierge"),
    "look at a Secret": lambda client: KubeSecrets(client).look("hotel", "concierge"),
    "create a Secret": lambda client: KubeSecrets(client).create("hotel", {}),
    "replace a Secret": lambda client: KubeSecrets(client).replace("hotel", "concierge", {}),
    "patch a Secret": lambda client: KubeSecrets(client).patch("hotel", "concierge", {}),
    "get a session": lambda client: KubeObjects(client).get(KIND_SESSION, "hotel", "concierge"),
    "write status": lambda client: KubeObjects(client).patch_status(REF, {}),
    "list sessions": lambda client: anext(KubeObjects(client).list_metadata(KIND_SESSION)),
    "read a key Secret": lambda client: KubeReferences(client).key_secret("hotel", "openai"),
    "read a ConfigMap": lambda client: KubeReferences(client).config_map("hotel", "bundle"),
    "read a namespace": lambda client: KubeReferences(client).namespace_labels("hotel"),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(("code", "reason"), [(500, "InternalError"), (410, "Expired"), (400, "BadRequest")])
async def test_trouble_is_raised(call: str, code: int, reason: str) -> None:
    """An answer that says neither yes nor absent is ClusterUnavailable from every call, an expired page included."""
    async with serving(status(code, reason)) as (client, _):
        with pytest.raises(ClusterUnavailable, match=f"{code} {reason}"):
            await CALLS[call](client)

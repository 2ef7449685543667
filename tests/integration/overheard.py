"""All that an operator says while a module's tests run, heard from outside and searched for what nobody may read.

Listened to are statuses, events and the metadata of Secrets, each version of them, in the whole cluster; its whole log and its metrics
are read at the end.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import kubernetes

from tests.integration.stage import CLUSTER_PROVIDERS, PROVIDERS, SECRETIVE, SESSIONS, VERSION
from tests.support.operator import GROUP
from tests.support.provider import KEY

if TYPE_CHECKING:
    from collections.abc import Callable

PASSWORD = "planted-4711-password"
PLANTED_TOKEN = "ek_" + "5a" * 16
LEAK = re.compile(
    rf"{SECRETIVE.pattern}|{PASSWORD}|{base64.b64encode(KEY.encode())[:32].decode()}|ZWtf\w{{24,}}"
)
"""What is planted, plain and as a Secret's data shows it."""

PERIOD_S = 3
"""Seconds that one watch lasts, and so about how long the end of listening takes."""


class Overheard:
    """Listens from its making to `stop`."""

    def __init__(self, kube: kubernetes.client.ApiClient) -> None:
        core: Any = kubernetes.client.CoreV1Api(kube)
        custom: Any = kubernetes.client.CustomObjectsApi(kube)
        self._said: list[tuple[str, Any]] = []
        self._stopped = threading.Event()
        self._threads = [
            self._listening("Secret", core.list_secret_for_all_namespaces, lambda it: it["metadata"])
        ]
        kinds = {kind: (GROUP, VERSION, kind) for kind in (SESSIONS, PROVIDERS, CLUSTER_PROVIDERS)}
        for kind, names in ({"events": ("events.k8s.io", "v1", "events")} | kinds).items():
            listed = partial(custom.list_cluster_custom_object, *names)
            listed.__doc__ = (
                custom.list_cluster_custom_object.__doc__
            )  # the client reads there what it returns
            self._threads.append(
                self._listening(kind, listed, lambda it: it.get("status", it if "note" in it else None))
            )

    def _listening(
        self, kind: str, listed: Callable[..., Any], part: Callable[[Any], Any]
    ) -> threading.Thread:
        now = listed(limit=1)
        version = (
            now["metadata"]["resourceVersion"] if isinstance(now, dict) else now.metadata.resource_version
        )
        thread = threading.Thread(
            target=self._listen, args=(kind, listed, part, version), name=f"ear for {kind}"
        )
        thread.start()
        return thread

    def _listen(
        self, kind: str, listed: Callable[..., Any], part: Callable[[Any], Any], version: str
    ) -> None:
        watch: Any = kubernetes.watch
        last = False
        while not last:
            last = self._stopped.is_set()  # what was said before is heard by one more watch
            changes = watch.Watch().stream(listed, resource_version=version, timeout_seconds=PERIOD_S)
            for change in changes:
                version = change["raw_object"]["metadata"]["resourceVersion"]
                self._said.append((kind, part(change["raw_object"])))

    def stop(self) -> None:
        """End listening, when all that was said so far is heard."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def heard(self) -> Counter[str]:
        """How much was heard of each kind."""
        return Counter(kind for kind, _ in self._said)

    def leaks(self) -> list[tuple[str, str]]:
        """What nobody may read, each with the kind that it was heard of."""
        return [(kind, leak) for kind, said in self._said for leak in LEAK.findall(json.dumps(said))]

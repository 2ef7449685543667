"""Kubernetes Events: few, and never the same one twice within ten minutes."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import UTC, datetime
from typing import Any, Final

from realtime_operator.adapters.kube_client import METADATA_ONLY, KubeClient
from realtime_operator.adapters.kube_path import EVENTS
from realtime_operator.api.group import GROUP
from realtime_operator.core.errors import OperatorError
from realtime_operator.json_bytes import encoded
from realtime_operator.ports import Clock, Notice

REPORTING_CONTROLLER: Final = f"{GROUP}/realtime-operator"

WINDOW_S: Final = 600.0
"""The same event about the same object says nothing new for so long."""

OBJECT_LIMIT: Final = 10
"""Events about one object within the window; who flaps more often is known to flap."""

MEMORY_LIMIT: Final = 20_000
"""Events remembered; a cluster in which more happens in ten minutes forgets the oldest."""

NOTE_LIMIT: Final = 1024
"""Characters of a note that the API server takes."""

PREFIX_LIMIT: Final = 50
"""Characters of the object's name in the event's; the API server cuts at 57 before it adds its own five."""

CLUSTER_SCOPED_NAMESPACE: Final = "default"
"""Where the API server wants the events of objects without a namespace."""

_LOG = logging.getLogger(__name__)


class KubeEvents:
    """Events over ``events.k8s.io/v1``, best effort.

    Args:
        client: the open client.
        clock: for the events' times and for the window.
        instance: which replica reports, such as the pod's name.
    """

    def __init__(self, client: KubeClient, clock: Clock, *, instance: str) -> None:
        self._client = client
        self._clock = clock
        self._instance = instance
        # By hash, with when and about whom: the messages of ten thousand new sessions would be kept for as long as nothing else happens.
        self._posted: dict[int, tuple[float, str]] = {}
        self._of_object: Counter[str] = Counter()

    async def post(self, notice: Notice) -> None:
        """Post one event, unless it was posted just now; never raises for cluster trouble."""
        now = self._clock.now()
        if not self._admit(notice, now):
            return
        namespace = notice.about.namespace or CLUSTER_SCOPED_NAMESPACE
        body = encoded(self._manifest(notice, namespace, now))
        try:
            await self._client.send("POST", EVENTS.collection(namespace), body=body, accept=METADATA_ONLY)
        except OperatorError as error:
            _LOG.info("event lost", extra={"fields": {"reason": notice.reason, "cause": str(error)}})

    def _admit(self, notice: Notice, now: float) -> bool:
        """Whether the event is new and its object has not used up its share; if so, remember it."""
        while self._posted:
            oldest, (posted_at, _) = next(iter(self._posted.items()))
            if now - posted_at < WINDOW_S and len(self._posted) < MEMORY_LIMIT:
                break
            self._forget(oldest)
        uid = notice.about.uid
        key = hash((uid, notice.reason, notice.message))
        if key in self._posted or self._of_object[uid] >= OBJECT_LIMIT:
            return False
        self._posted[key] = now, uid
        self._of_object[uid] += 1
        return True

    def _forget(self, key: int) -> None:
        _, uid = self._posted.pop(key)
        self._of_object[uid] -= 1
        if not self._of_object[uid]:
            del self._of_object[uid]

    def _manifest(self, notice: Notice, namespace: str, now: float) -> dict[str, Any]:
        about = notice.about
        regarding = {
            "apiVersion": notice.api_version,
            "kind": about.kind,
            "name": about.name,
            "uid": about.uid,
        }
        if about.namespace is not None:
            regarding["namespace"] = about.namespace
        return {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {"generateName": _prefix(about.name), "namespace": namespace},
            "eventTime": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "reportingController": REPORTING_CONTROLLER,
            "reportingInstance": self._instance[:128],
            "action": "Reconcile",
            "reason": notice.reason,
            "regarding": regarding,
            "note": notice.message[:NOTE_LIMIT],
            "type": "Warning" if notice.warning else "Normal",
        }


def _prefix(name: str) -> str:
    """What the API server makes the event's name of: short enough not to be cut in an unlucky place."""
    return name[:PREFIX_LIMIT].rstrip(".-") + "-"

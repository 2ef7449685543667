"""A namespace of a real cluster with keys, providers and sessions in it, and eyes on what becomes of them."""

from __future__ import annotations

import base64
import json
import re
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

import kubernetes

from realtime_operator.api.group import KIND_SESSION
from tests.support.operator import DEADLINE, GROUP, wait_for
from tests.support.provider import KEY

if TYPE_CHECKING:
    from demo.provider.ledger import Mint
    from demo.provider.remote import Recorded, RemoteProvider

VERSION = "v1alpha1"
SESSIONS, PROVIDERS, CLUSTER_PROVIDERS = "realtimesessions", "realtimeproviders", "clusterrealtimeproviders"
ROTATE = f"{GROUP}/rotate"
KEY_LABEL = {f"{GROUP}/provider-key": "true"}
CANARY = "canary-in-the-instructions"
SECRETIVE = re.compile(rf"ek_[0-9a-f]{{32}}|{re.escape(KEY)}|{CANARY}")
"""Tokens of the stand-in, its key, and the body of a request."""

COLLECTED = 40.0
"""The garbage collector is Kubernetes' own: every 30 s it looks for new kinds, and while it learns them it collects nothing."""


class Stage:
    """One namespace.

    Attributes:
        namespace: its name.
        provider: the stand-in that its sessions mint at.
    """

    def __init__(self, kube: kubernetes.client.ApiClient, namespace: str, provider: RemoteProvider) -> None:
        self.namespace = namespace
        self.provider = provider
        self.core: Any = kubernetes.client.CoreV1Api(kube)
        self._custom: Any = kubernetes.client.CustomObjectsApi(kube)
        self._events: Any = kubernetes.client.EventsV1Api(kube)
        self._cluster_providers: list[str] = []

    # --- what a person does

    def key(
        self, name: str = "key", data: dict[str, str] | None = None, *, labels: dict[str, str] | None = None
    ) -> None:
        """Store a provider key; by default the right one, with its owner's consent."""
        body = {
            "metadata": {"name": name, "labels": KEY_LABEL if labels is None else labels},
            "stringData": {"api-key": KEY} if data is None else data,
        }
        self.core.create_namespaced_secret(self.namespace, body)

    def add_provider(self, name: str = "default", *, key: str = "key", **spec: Any) -> None:
        """Create a RealtimeProvider."""
        auth = {"secretRef": {"name": key, "key": "api-key"}} | spec.pop("auth", {})
        body = _document("RealtimeProvider", name, {"baseURL": self.provider.url, "auth": auth, **spec})
        self._custom.create_namespaced_custom_object(GROUP, VERSION, self.namespace, PROVIDERS, body)

    def add_cluster_provider(self, name: str, **spec: Any) -> None:
        """Create a ClusterRealtimeProvider whose key is in this namespace; it goes with the stage."""
        reference = {"name": "key", "namespace": self.namespace, "key": "api-key"}
        spec = {"baseURL": self.provider.url, "auth": {"secretRef": reference}, **spec}
        body = _document("ClusterRealtimeProvider", name, spec)
        self._cluster_providers.append(name)
        self._custom.create_cluster_custom_object(GROUP, VERSION, CLUSTER_PROVIDERS, body)

    def ready_to_mint(self) -> None:
        """Store the key and create the provider that sessions get by default."""
        self.key()
        self.add_provider()

    def add(self, name: str, *, annotations: dict[str, str] | None = None, **spec: Any) -> None:
        """Create a session of 600 s whose model names it, unless the spec says otherwise."""
        session = {
            "type": "realtime",
            "model": self.model(name),
            "instructions": CANARY,
        }
        body = _document(
            "RealtimeSession",
            name,
            {"lifetimeSeconds": 600, "session": session, "delivery": {"propagation": "None"}, **spec},
        )
        body["metadata"]["annotations"] = annotations or {}
        self._custom.create_namespaced_custom_object(GROUP, VERSION, self.namespace, SESSIONS, body)

    def change(self, name: str, patch: dict[str, Any], *, plural: str = SESSIONS) -> None:
        """Merge a patch into a session, or into a provider."""
        self._custom.patch_namespaced_custom_object(GROUP, VERSION, self.namespace, plural, name, patch)

    def annotate(self, name: str, annotations: dict[str, str | None]) -> None:
        """Set annotations of a session; None removes one."""
        self.change(name, {"metadata": {"annotations": annotations}})

    def delete(self, name: str, *, plural: str = SESSIONS) -> None:
        """Delete a session, or a provider."""
        self._custom.delete_namespaced_custom_object(GROUP, VERSION, self.namespace, plural, name)

    # --- what there is to see

    def model(self, name: str) -> str:
        """The model that a session's request names, by which the stand-in's ledger tells sessions apart."""
        return f"{self.namespace}-{name}"

    def mints(self, name: str) -> list[Mint]:
        """The ledger's mints of a session."""
        return [it.mint for it in self.provider.ledger() if it.mint.model == self.model(name)]

    def requests(self, name: str) -> list[Recorded]:
        """The requests that the stand-in got for a session."""
        model = self.model(name)
        bodies = ((it, it.body if isinstance(it.body, dict) else {}) for it in self.provider.requests())
        return [
            it
            for it, body in bodies
            if model in (body.get("model"), (body.get("session") or {}).get("model"))
        ]

    def get(self, name: str, *, plural: str = SESSIONS) -> dict[str, Any]:
        """A session, or a provider."""
        found: dict[str, Any] = self._custom.get_namespaced_custom_object(
            GROUP, VERSION, self.namespace, plural, name
        )
        return found

    def all_sessions(self) -> list[dict[str, Any]]:
        """All sessions of the namespace."""
        listed = self._custom.list_namespaced_custom_object(GROUP, VERSION, self.namespace, SESSIONS)
        found: list[dict[str, Any]] = listed["items"]
        return found

    def cluster_provider(self, name: str) -> dict[str, Any]:
        """A cluster provider."""
        found: dict[str, Any] = self._custom.get_cluster_custom_object(
            GROUP, VERSION, CLUSTER_PROVIDERS, name
        )
        return found

    def status(self, name: str) -> dict[str, Any]:
        """A session's status."""
        return self.get(name).get("status") or {}

    def secret(self, name: str) -> Any:
        """A Secret, or None."""
        try:
            return self.core.read_namespaced_secret(name, self.namespace)
        except kubernetes.client.ApiException as error:
            if error.status != 404:
                raise
            return None

    def entries(self, name: str) -> dict[str, str]:
        """The decoded entries of a Secret; empty where there is none."""
        found = self.secret(name)
        data = (found.data or {}) if found is not None else {}
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def events(self, name: str) -> list[Any]:
        """The events about a session, oldest first; a provider of its name has its own."""
        listed = self._events.list_namespaced_event(self.namespace).items
        about = (it for it in listed if (it.regarding.kind, it.regarding.name) == (KIND_SESSION, name))
        return sorted(about, key=lambda it: it.event_time)

    # --- waiting

    def condition(
        self, name: str, kind: str, status: str, reason: str | None = None, *, within: float = DEADLINE
    ) -> dict[str, Any]:
        """Wait for a condition of a session about its present generation, and give it."""
        return wait_for(
            lambda: condition_of(self.get(name), kind, status, reason),
            f"{name}: {kind}={status} {reason or ''}",
            within=within,
        )

    def ready(self, name: str, *, within: float = DEADLINE) -> dict[str, Any]:
        """Wait until a session is Ready for its present generation, and give its status."""
        self.condition(name, "Ready", "True", within=within)
        return self.status(name)

    def shows(self, name: str, *, within: float = DEADLINE, **fields: Any) -> dict[str, Any]:
        """Wait until a session's status has these fields, and give it."""

        def shown() -> dict[str, Any] | None:
            status = self.status(name)
            return status if fields.items() <= status.items() else None

        return wait_for(shown, f"{name}: {fields}", within=within)

    def minted(self, name: str, count: int) -> None:
        """Wait until a session has had so many mints."""
        wait_for(lambda: len(self.mints(name)) == count, f"{name}: {count} mints")

    def looked_at(self, *names: str) -> None:
        """Have the operator compare sessions' Secrets with what they should be, and wait until it has.

        It does so by itself within 60 s; another label for the Secret brings that forward.
        """
        label = f"look-{uuid.uuid4().hex[:6]}"
        for name in names:
            self.change(name, {"spec": {"secret": {"labels": {label: "now"}}}})
        for name in names:
            wait_for(partial(self._is_labelled, name, label), f"Secret {name}: looked at")
            self.ready(name)

    def _is_labelled(self, name: str, label: str) -> bool:
        secret = self.secret(name)
        return secret is not None and label in (secret.metadata.labels or {})

    def provider_condition(
        self, name: str, status: str, reason: str | None = None, *, within: float = DEADLINE
    ) -> dict[str, Any]:
        """Wait for the Ready condition of a provider, and give it."""
        return wait_for(
            lambda: condition_of(self.get(name, plural=PROVIDERS), "Ready", status, reason),
            f"provider {name}: Ready={status} {reason or ''}",
            within=within,
        )

    def told(self, name: str, *reasons: str) -> list[Any]:
        """Wait until the events about a session have just these reasons, and give them in this order.

        An event is posted after the status that it tells of, and not at once.
        """

        def complete() -> list[Any] | None:
            events = sorted(
                self.events(name), key=lambda it: reasons.index(it.reason) if it.reason in reasons else -1
            )
            return events if [it.reason for it in events] == list(reasons) else None

        return wait_for(complete, f"{name}: events {reasons}")

    def token_after(self, name: str, token: str, *, within: float = DEADLINE) -> dict[str, str]:
        """Wait until a Secret holds another token than this one, and give its entries."""

        def replaced() -> dict[str, str] | None:
            entries = self.entries(name)
            return entries if entries.get("token", token) != token else None

        return wait_for(replaced, f"{name}: another token", within=within)

    # --- the end

    def leaks(self) -> list[str]:
        """What statuses and events in this namespace say that nobody may read."""
        said: list[Any] = [
            event.to_dict() for event in self._events.list_namespaced_event(self.namespace).items
        ]
        for plural in (SESSIONS, PROVIDERS):
            listed = self._custom.list_namespaced_custom_object(GROUP, VERSION, self.namespace, plural)
            said += [item.get("status") for item in listed["items"]]
        return SECRETIVE.findall(json.dumps(said, default=str))

    def clear(self) -> None:
        """Delete what the namespace does not take along."""
        for name in self._cluster_providers:
            self._custom.delete_cluster_custom_object(GROUP, VERSION, CLUSTER_PROVIDERS, name)
        self._custom.delete_collection_namespaced_custom_object(GROUP, VERSION, self.namespace, SESSIONS)


def condition_of(
    document: dict[str, Any], kind: str, status: str, reason: str | None = None
) -> dict[str, Any] | None:
    """A condition about the document's present generation, if it is so."""
    for condition in (document.get("status") or {}).get("conditions") or ():
        current = condition.get("observedGeneration") == document["metadata"]["generation"]
        if (condition["type"], condition["status"]) == (kind, status) and current:
            found: dict[str, Any] = condition
            return found if reason in (None, condition["reason"]) else None
    return None


def _document(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": kind,
        "metadata": {"name": name},
        "spec": spec,
    }

"""Copies of the policies for a user of the tests' own, and requests in that user's name."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import kubernetes
import yaml

from tests.controlplane.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support.fixtures import Command

POLICIES = Path(__file__).parents[2] / "policies"
FENCES = [POLICIES / "pods.yaml", POLICIES / "secrets.yaml"]
"""What refuses; the other one warns."""

DEFAULT_USER = "system:serviceaccount:realtime-operator:realtime-operator"
USER = "system:serviceaccount:fenced:realtime-operator"
SUFFIX = "-fenced"
"""Tells the copies from what somebody else may install in the same control plane."""

MERGE = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API server said.

    Attributes:
        status: of HTTP.
        text: the whole body.
    """

    status: int
    text: str

    @property
    def document(self) -> dict[str, Any]:
        """The body, decoded."""
        decoded: dict[str, Any] = json.loads(self.text)
        return decoded

    @property
    def message(self) -> str:
        """Why the request was refused."""
        return str(self.document["message"])


@dataclass(frozen=True, slots=True)
class Client:
    """Sends requests as the administrator, or in the name of a user."""

    kube: kubernetes.client.ApiClient
    user: str | None = None

    def __call__(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        content_type: str = "application/json",
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request."""
        headers = {"Content-Type": content_type} | ({"Impersonate-User": self.user} if self.user else {})
        url = f"{self.kube.configuration.host}{path}" + (f"?{urlencode(query)}" if query else "")
        answer = self.kube.rest_client.pool_manager.request(
            method, url, headers=headers, body=None if body is None else json.dumps(body)
        )
        return Answer(answer.status, answer.data.decode())


def copies(file: Path) -> str:
    """The documents of a manifest for the tests' user, under names of the tests' own."""
    documents = list(yaml.safe_load_all(file.read_text().replace(DEFAULT_USER, USER)))
    for document in documents:
        document["metadata"]["name"] += SUFFIX
        if "policyName" in document["spec"]:
            document["spec"]["policyName"] += SUFFIX
    return str(yaml.safe_dump_all(documents))


def refused_by(answer: Answer, policy: str) -> bool:
    """Whether it was this policy, and not RBAC or a validation, that refused."""
    return answer.status == 403 and f"ValidatingAdmissionPolicy '{policy}{SUFFIX}'" in answer.message


@contextlib.contextmanager
def fenced(kube: kubernetes.client.ApiClient, kubectl: Command) -> Iterator[Client]:
    """A client of a user with all rights, for which both policies are in force until the end of the block."""
    admin, user = Client(kube), Client(kube, USER)
    manifests = [copies(file) for file in FENCES]
    name = f"all-rights{SUFFIX}"
    roles = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
    binding = {
        "metadata": {"name": name},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": "cluster-admin",
        },
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": USER}],
    }
    assert admin("POST", roles, binding).status == 201
    try:
        for manifest in manifests:
            kubectl("apply", "-f", "-", stdin=manifest)
        wait_until(lambda: _is_in_force(user), "both policies in force")
        yield user
    finally:
        for manifest in manifests:
            kubectl("delete", "--ignore-not-found", "-f", "-", stdin=manifest)
        admin("DELETE", f"{roles}/{name}")


def _is_in_force(user: Client) -> bool:
    """Try what each policy refuses, and what would change nothing if it did not."""
    plain = {"metadata": {"name": "probe"}}
    core = "/api/v1/namespaces/default"
    secret = user("POST", f"{core}/secrets", plain, query={"dryRun": "All"})
    pod = user("POST", f"{core}/pods/there-is-none/exec", query={"command": "true"})
    return refused_by(secret, "realtime-operator-secrets") and refused_by(pod, "realtime-operator-pods")

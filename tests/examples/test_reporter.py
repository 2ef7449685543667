"""examples/reporter: a pod says which token it holds, and its right goes no further than that."""

from __future__ import annotations

import datetime as dt
import http.client
import json
import os
import ssl
import subprocess
import sys
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import kubernetes
import pytest

from tests.controlplane.waiting import wait_until
from tests.examples.volume import Volume

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hack.controlplane import ControlPlane
    from tests.support.fixtures import Command

pytest_plugins = ["tests.support.fixtures"]
pytestmark = pytest.mark.controlplane

EXAMPLE = Path(__file__).parents[2] / "examples" / "reporter"
ACCOUNT = "token-reporter"
HELD, SINCE = "realtime-operator.io/held-token-id", "realtime-operator.io/held-since"
ID = "4f1d0c2a9b7e"


@dataclass(frozen=True)
class Reporter:
    """The account of one pod, as it speaks to the API server.

    Attributes:
        plane: that the server is of.
        core: the administrator's client.
        namespace: that its pod `mine` is in, and one that it is not in, `other`.
        token: of the account, issued for the pod `mine`.
    """

    plane: ControlPlane
    core: Any
    namespace: str
    token: str

    def patch(self, pod: str, body: dict[str, Any], *, below: str = "", token: str = "") -> tuple[int, str]:
        """Send a merge patch; give status and text."""
        trust = ssl.create_default_context(cafile=self.plane.ca_file)
        place = urlsplit(self.plane.server)
        path = f"/api/v1/namespaces/{self.namespace}/pods/{pod}{below}"
        headers = {
            "Authorization": f"Bearer {token or self.token}",
            "Content-Type": "application/merge-patch+json",
        }
        server = http.client.HTTPSConnection(place.hostname or "", place.port, timeout=20, context=trust)
        with closing(server):
            server.request("PATCH", path, json.dumps(body), headers)
            answer = server.getresponse()
            return answer.status, answer.read().decode()

    def annotations(self, pod: str = "mine") -> dict[str, str]:
        """Read a pod's, as the administrator."""
        found: dict[str, str] = self.core.read_namespaced_pod(pod, self.namespace).metadata.annotations or {}
        return found


def a_pod(name: str) -> dict[str, Any]:
    """A pod of the account's that no scheduler takes."""
    spec = {
        "serviceAccountName": ACCOUNT,
        "automountServiceAccountToken": False,
        "containers": [{"name": "main", "image": "example.com/program:1"}],
        "schedulingGates": [{"name": "example.com/never"}],
    }
    return {
        "metadata": {"name": name, "labels": {"app": "concierge"}, "annotations": {"team": "voice"}},
        "spec": spec,
    }


def a_token(core: Any, namespace: str, pod: Any | None) -> str:
    """A token of the account, issued for a pod or for nobody."""
    bound = (
        {"apiVersion": "v1", "kind": "Pod", "name": pod.metadata.name, "uid": pod.metadata.uid}
        if pod
        else None
    )
    body = {
        "spec": {"audiences": [], "expirationSeconds": 600, **({"boundObjectRef": bound} if bound else {})}
    }
    issued = core.create_namespaced_service_account_token(ACCOUNT, namespace, body)
    token: str = issued.status.token
    return token


@pytest.fixture(scope="module")
def fence(kubectl: Command) -> Iterator[None]:
    """The policy, in the cluster."""
    kubectl("apply", "-f", EXAMPLE / "fence.yaml")
    yield
    kubectl("delete", "-f", EXAMPLE / "fence.yaml")


@pytest.fixture
def reporter(
    control_plane: ControlPlane,
    kube: kubernetes.client.ApiClient,
    kubectl: Command,
    namespace: str,
    fence: None,
) -> Reporter:
    """Two pods of the account, which has the example's rights."""
    del fence
    kubectl("apply", f"--namespace={namespace}", "-f", EXAMPLE / "rights.yaml")
    core: Any = kubernetes.client.CoreV1Api(kube)
    pod, _ = (core.create_namespaced_pod(namespace, a_pod(name)) for name in ("mine", "other"))
    one = Reporter(control_plane, core, namespace, a_token(core, namespace, pod))
    relabel = {"metadata": {"labels": {"probe": "1"}}}
    wait_until(lambda: "ValidatingAdmissionPolicy" in one.patch("other", relabel)[1], "the policy in force")
    return one


@contextmanager
def running(reporter: Reporter, volume: Volume, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the example's program as the pod would."""
    folder.mkdir()
    (folder / "token").write_text(reporter.token)
    (folder / "ca.crt").write_text(reporter.plane.ca_file.read_text())
    place = urlsplit(reporter.plane.server)
    environment = {
        "REALTIME_FILE": str(volume.document),
        "ACCOUNT_FOLDER": str(folder),
        "KUBERNETES_SERVICE_HOST": place.hostname or "",
        "KUBERNETES_SERVICE_PORT": str(place.port),
        "POD_NAMESPACE": reporter.namespace,
        "POD_NAME": "mine",
    }
    command = [sys.executable, str(EXAMPLE / "reporter.py")]
    with subprocess.Popen(command, env=os.environ | environment) as program:
        try:
            yield program
        finally:
            program.terminate()
    assert program.returncode == 0


def test_each_token_is_reported_with_its_moment(reporter: Reporter, tmp_path: Path) -> None:
    """On the pod itself, which keeps its other annotations."""
    volume = Volume(tmp_path / "token")
    held = volume.write("ek_first")
    began = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
    with running(reporter, volume, tmp_path / "account"):
        wait_until(lambda: reporter.annotations().get(HELD) == held, "the first token reported")
        first = dt.datetime.fromisoformat(reporter.annotations()[SINCE])
        held = volume.write("ek_second")
        wait_until(lambda: reporter.annotations().get(HELD) == held, "the second token reported")
    assert began < first < dt.datetime.fromisoformat(reporter.annotations()[SINCE])
    assert reporter.annotations()["team"] == "voice"
    assert HELD not in reporter.annotations("other")


@pytest.mark.parametrize(
    "change",
    [
        {"spec": {"containers": [{"name": "main", "image": "example.com/other:1"}]}},
        {"metadata": {"labels": {"app": "other"}}},
        {"metadata": {"annotations": {"team": "other"}}},
        {"metadata": {"annotations": {"team": None}}},
        {"metadata": {"annotations": {"realtime-operator.io/token-id": ID}}},
        {"metadata": {"finalizers": ["example.com/hold"]}},
        {"spec": {"schedulingGates": None}},
    ],
    ids=["image", "label", "annotation", "annotation removed", "token-id", "finalizer", "gate"],
)
def test_nothing_else_of_its_pod_may_change(reporter: Reporter, change: dict[str, Any]) -> None:
    """Though RBAC allows it."""
    status, text = reporter.patch("mine", change)
    assert status == 403
    assert "and change nothing else" in text


def test_no_other_pod_may_change_and_no_pod_by_another_token(reporter: Reporter) -> None:
    """What it may do to its own pod it may do to no other; a token of the account that was issued for no pod may do nothing."""
    report = {"metadata": {"annotations": {HELD: ID}}}
    assert reporter.patch("mine", report)[0] == 200
    status, text = reporter.patch("other", report)
    assert (status, "may only change the pod that it runs in" in text) == (403, True)
    loose = a_token(reporter.core, reporter.namespace, None)
    assert reporter.patch("mine", report, token=loose)[0] == 403
    assert reporter.patch("mine", {"status": {"phase": "Failed"}}, below="/status")[0] == 403

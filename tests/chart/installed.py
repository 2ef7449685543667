"""The operator as the chart installs it, but for the pod: its service account, with the rights and policies that are rendered."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import kubernetes
import yaml

from hack.controlplane import control_plane, tool_path
from tests.chart.chart import CHART, RELEASE
from tests.controlplane.waiting import wait_until
from tests.integration.stage import Stage
from tests.policies.fence import Client
from tests.support.audit import Audit
from tests.support.operator import operator_process

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from demo.provider.remote import RemoteProvider
    from hack.controlplane import ControlPlane
    from tests.support.operator import OperatorProcess

HOME = "realtime-operator"
USER = f"system:serviceaccount:{HOME}:{RELEASE}"
SECONDS = 60.0


class Cluster:
    """A control plane of the test's own that knows nothing of us yet, with Helm and kubectl.

    Attributes:
        plane: the control plane.
        audit: of what the operator's service account asks for.
    """

    def __init__(self, plane: ControlPlane, audit: Audit, kube: kubernetes.client.ApiClient) -> None:
        self.plane, self.audit, self._kube = plane, audit, kube

    def run(self, tool: str, *arguments: str | Path, stdin: str = "") -> str:
        """Run helm or kubectl as the administrator; a failure raises with what it said."""
        names = {
            f"HELM_{it}_HOME": str(self.plane.directory / f"helm-{it}") for it in ("CACHE", "CONFIG", "DATA")
        }
        files = {
            "KUBECONFIG": str(self.plane.kubeconfig),
            "KUBECACHEDIR": str(self.plane.directory / "kubectl-cache"),
        }
        done = subprocess.run(
            [tool_path(tool), *arguments],
            input=stdin,
            env=os.environ | names | files,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        assert done.returncode == 0, f"{tool} {arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def install(self, values: Mapping[str, Any], *, chart: Path = CHART, verb: str = "install") -> str:
        """Install or upgrade the release with these values; nothing waits for pods, since no node is there."""
        flags = [f"--namespace={HOME}", "--values=-"]
        return self.run("helm", verb, RELEASE, chart, *flags, stdin=json.dumps(values))

    def names(self, *kinds: str) -> set[str]:
        """Kind and name of all objects of these kinds, in every namespace."""
        listed = self.run("kubectl", "get", ",".join(kinds), "--all-namespaces", "--output=name")
        return set(listed.splitlines())

    def get(self, *which: str) -> dict[str, Any]:
        """One object."""
        found: dict[str, Any] = json.loads(self.run("kubectl", "get", *which, "--output=json"))
        return found

    def namespace(self, name: str) -> None:
        """Make a namespace."""
        self.run("kubectl", "create", "namespace", name)

    def is_furnished(self) -> bool:
        """Whether every namespace has what controllers put into it, which comes a moment after the namespace."""
        wanted = {"serviceaccount/default", "configmap/kube-root-ca.crt"}
        found = self.run(
            "kubectl",
            "get",
            "serviceaccounts,configmaps",
            "--all-namespaces",
            "--output=jsonpath={range .items[*]}{.metadata.namespace} {.kind}/{.metadata.name}{'\\n'}{end}",
        )
        there = {tuple(line.lower().split()) for line in found.splitlines()}
        names = [it.removeprefix("namespace/") for it in self.names("namespaces")]
        return all((name, it) in there for name in names for it in wanted)

    def stage(self, namespace: str, provider: RemoteProvider) -> Stage:
        """Give a hand on a namespace."""
        return Stage(self._kube, namespace, provider)

    def release(self) -> list[dict[str, Any]]:
        """All objects that the release consists of, without hooks."""
        said = self.run("helm", "get", "manifest", RELEASE, f"--namespace={HOME}")
        return [it for it in yaml.safe_load_all(said) if it]

    def client(self, user: str | None = None) -> Client:
        """Requests as the administrator, or in the name of a user."""
        return Client(self._kube, user)

    @contextmanager
    def operator(self, log_file: Path, *flags: str) -> Iterator[OperatorProcess]:
        """Run the operator under the service account of the chart, with the arguments of its Deployment."""
        (deployment,) = (it for it in self.release() if it["kind"] == "Deployment")
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        arguments = [it for it in container["args"] if not it.startswith("--port=")]
        kubeconfig = self.plane.service_account_kubeconfig(HOME, RELEASE)
        with operator_process(kubeconfig, log_file, *arguments, *flags) as operator:
            yield operator


@contextmanager
def fresh_cluster(folder: Path, *, namespaces: Sequence[str] = ()) -> Iterator[Cluster]:
    """Run a control plane without our kinds, with the release's namespace and these."""
    audit = Audit(folder, USER)
    with ExitStack() as opened:
        plane = opened.enter_context(
            control_plane(controllers=True, extra_arguments={"kube-apiserver": audit.arguments})
        )
        configuration = kubernetes.client.Configuration()
        configuration.host, configuration.ssl_ca_cert = plane.server, str(plane.ca_file)
        configuration.cert_file = str(plane.directory / "admin.crt")
        configuration.key_file = str(plane.directory / "admin.key")
        kube = opened.enter_context(kubernetes.client.ApiClient(configuration))
        opened.callback(kube.rest_client.pool_manager.clear)
        cluster = Cluster(plane, audit, kube)
        for name in (HOME, *namespaces):
            cluster.namespace(name)
        wait_until(cluster.is_furnished, "what controllers put into every namespace")
        yield cluster

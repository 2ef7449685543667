"""The three programs of a control plane: their order, their files and their command lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .certificates import Authority, key_pair
from .kubeconfig import write_for_certificate, write_private

if TYPE_CHECKING:
    from pathlib import Path

ETCD = "etcd"
API_SERVER = "kube-apiserver"
CONTROLLERS = "kube-controller-manager"
SERVICE_RANGE, SERVICE_ADDRESS = "10.0.0.0/24", "10.0.0.1"
ADMIN, ADMIN_GROUP = "admin", "system:masters"
LOOPBACK = "127.0.0.1"
# what an object's life needs: owners, namespaces, and the accounts and rights that come with them
CONTROLLER_NAMES = (
    "garbage-collector-controller",
    "namespace-controller",
    "serviceaccount-controller",
    "serviceaccount-token-controller",
    "root-ca-certificate-publisher-controller",
    "clusterrole-aggregation-controller",
)
# etcd insists on addresses with a port where only its socket is ever used
UNUSED_ADDRESS = "http://127.0.0.1:1"


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of one control plane, all below `folder`, and where its API listens."""

    folder: Path
    port: int
    authority: Authority
    address: str = LOOPBACK

    @property
    def server(self) -> str:
        """The URL of the API."""
        return f"https://{self.address}:{self.port}"

    @property
    def ca_file(self) -> Path:
        """The certificate of the authority that signed everything here."""
        return self.folder / "ca.crt"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's."""
        return self.folder / "admin.kubeconfig"

    @property
    def etcd_url(self) -> str:
        """A socket in our private folder: no port to lose, and nobody else can read the Secrets in it.

        It is relative to the folder, because the path of a socket may have 107 bytes at most.
        """
        return "unix://etcd.sock"

    def log_file(self, component: str) -> Path:
        """What a component printed."""
        return self.folder / f"{component}.log"

    def write_files(self) -> None:
        """Make the keys and certificates that the programs read."""
        private, public = key_pair()
        serving = self.authority.server(
            ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"],
            dict.fromkeys([LOOPBACK, "::1", SERVICE_ADDRESS, self.address]),
        )
        self.ca_file.write_bytes(self.authority.certificate)
        admin = self.authority.client(ADMIN, [ADMIN_GROUP])
        for name, content in {
            "serving.crt": serving.certificate,
            "serving.key": serving.key,
            "accounts.key": private,
            "accounts.pub": public,
            "admin.crt": admin.certificate,
            "admin.key": admin.key,
        }.items():
            write_private(self.folder / name, content)
        write_for_certificate(
            self.kubeconfig, server=self.server, authority=self.authority.certificate, pair=admin
        )

    def arguments(self, component: str) -> list[str]:
        """Give the command line of a component, without the program."""
        return {ETCD: self._etcd, API_SERVER: self._api_server, CONTROLLERS: self._controllers}[component]()

    def _etcd(self) -> list[str]:
        return [
            f"--data-dir={self.folder}/etcd",
            "--name=only",
            f"--listen-client-urls={self.etcd_url}",
            f"--advertise-client-urls={UNUSED_ADDRESS}",
            "--listen-peer-urls=unix://peers.sock",
            f"--initial-advertise-peer-urls={UNUSED_ADDRESS}",
            f"--initial-cluster=only={UNUSED_ADDRESS}",
            "--unsafe-no-fsync",  # the data does not outlive the run
            "--quota-backend-bytes=4294967296",
            "--log-level=warn",
        ]

    def _api_server(self) -> list[str]:
        return [
            f"--etcd-servers={self.etcd_url}",
            f"--bind-address={self.address}",
            f"--secure-port={self.port}",
            f"--client-ca-file={self.ca_file}",
            f"--tls-cert-file={self.folder}/serving.crt",
            f"--tls-private-key-file={self.folder}/serving.key",
            f"--cert-dir={self.folder}",
            "--authorization-mode=RBAC",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={self.folder}/accounts.pub",
            f"--service-account-signing-key-file={self.folder}/accounts.key",
            f"--service-cluster-ip-range={SERVICE_RANGE}",
            "--endpoint-reconciler-type=none",  # no pod looks for it
            "--shutdown-watch-termination-grace-period=200ms",  # without it one open watch holds up a stop for a minute
            "--allow-privileged=true",
        ]

    def _controllers(self) -> list[str]:
        return [
            f"--kubeconfig={self.kubeconfig}",
            f"--controllers={','.join(CONTROLLER_NAMES)}",
            "--leader-elect=false",
            "--secure-port=0",
            f"--root-ca-file={self.ca_file}",
            f"--service-account-private-key-file={self.folder}/accounts.key",
            "--kube-api-qps=1000",  # the default of 20 makes a test wait for the collector
            "--kube-api-burst=2000",
            "--concurrent-namespace-syncs=20",
            "--min-resync-period=12h",
        ]

"""The tools that can be built: where their source comes from and how a right one is recognised."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

MODULES = Path(__file__).parent / "tools"
KUBERNETES = "1.35.4"  # the last minor version whose kubelet takes containerd 1.x
ETCD = "3.6.16"
HELM = "4.3.1"
PAUSE = "1.0.0"  # ours: what keeps the namespaces of a pod alive


@dataclass(frozen=True, slots=True)
class Tool:
    """One program, built from one of our Go modules.

    Attributes:
        name: the file's name, as in `kube-apiserver`.
        version: without a leading v.
        module: the folder with go.mod and go.sum.
        package: what `go build` is told.
        stamps: NAME=VALUE pairs for the linker, without which some tools say v0.0.0.
        version_args: what makes an installed one print its version.
    """

    name: str
    version: str
    module: Path
    package: str
    stamps: tuple[str, ...] = ()
    version_args: tuple[str, ...] = ("--version",)

    def digest(self) -> str:
        """Twelve hex digits over everything of ours that decides what is built."""
        sha = hashlib.sha256(repr((self.package, self.stamps)).encode())
        for path in sorted([*self.module.glob("go.*"), *self.module.glob("*.go")]):
            sha.update(path.name.encode() + b"\0" + path.read_bytes())
        return sha.hexdigest()[:12]

    def go_version(self) -> tuple[int, ...]:
        """The Go that the module asks for, as in (1, 26, 0)."""
        line = re.search(r"^go ([\d.]+)$", (self.module / "go.mod").read_text(), re.MULTILINE)
        if line is None:
            raise ValueError(f"{self.module / 'go.mod'} names no Go version")
        return tuple(int(part) for part in line[1].split("."))

    def is_named_by(self, version_output: str) -> bool:
        """Tell whether the output of a `--version` names exactly this version, and no build variant of it."""
        return re.search(rf"(?<![\w.])v?{re.escape(self.version)}(?![\w.+-])", version_output) is not None


def _kubernetes(name: str, *version_args: str) -> Tool:
    major, minor, _ = KUBERNETES.split(".")
    stamps = (
        f"k8s.io/component-base/version.gitVersion=v{KUBERNETES}",
        f"k8s.io/component-base/version.gitMajor={major}",
        f"k8s.io/component-base/version.gitMinor={minor}",
        f"k8s.io/client-go/pkg/version.gitVersion=v{KUBERNETES}",
    )
    package = f"k8s.io/kubernetes/cmd/{name}"
    return Tool(name, KUBERNETES, MODULES / "kubernetes", package, stamps, version_args or ("--version",))


TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool("etcd", ETCD, MODULES / "etcd", "."),
        _kubernetes("kube-apiserver"),
        _kubernetes("kube-controller-manager"),
        _kubernetes("kubectl", "version", "--client"),
        Tool(
            "helm",
            HELM,
            MODULES / "helm",
            "helm.sh/helm/v4/cmd/helm",
            (f"helm.sh/helm/v4/internal/version.version=v{HELM}",),
            ("version", "--template={{.Version}}"),
        ),
        _kubernetes("kube-scheduler"),
        _kubernetes("kubelet"),
        _kubernetes("kube-proxy"),
        Tool("pod-pause", PAUSE, MODULES / "pause", "."),
    )
}

"""What is built is what is pinned, and the command line knows its names."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hack.controlplane.catalog import ETCD, HELM, KUBERNETES, MODULES, TOOLS, Tool

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("family", "module", "version"),
    [
        ("etcd", "go.etcd.io/etcd/server/v3", ETCD),
        ("helm", "helm.sh/helm/v4", HELM),
        ("kubernetes", "k8s.io/kubernetes", KUBERNETES),
    ],
)
def test_the_module_requires_the_version_that_the_catalog_names(
    family: str, module: str, version: str
) -> None:
    """A bump in one place only would stamp a tool with a version that it is not."""
    required = re.findall(rf"{re.escape(module)} v(\S+)", (MODULES / family / "go.mod").read_text())
    assert required == [version]


def test_every_staging_module_is_of_the_same_release() -> None:
    """Kubernetes is one release cut into modules; a mix of two is nobody's."""
    minor_and_patch = KUBERNETES.partition(".")[2]
    replaced = re.findall(
        r"^\t(\S+) => (\S+) v(\S+)$", (MODULES / "kubernetes" / "go.mod").read_text(), re.MULTILINE
    )
    assert len(replaced) > 30
    assert all(name == by and version == f"0.{minor_and_patch}" for name, by, version in replaced)


@pytest.mark.parametrize("tool", TOOLS.values(), ids=list(TOOLS))
def test_every_tool_has_a_pinned_module(tool: Tool) -> None:
    """There are checksums of all that a module requires, and it says which Go it needs."""
    requires = "require" in (tool.module / "go.mod").read_text()
    assert not requires or (tool.module / "go.sum").stat().st_size > 0
    assert tool.go_version() >= (1, 25)


def _command_line(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hack.controlplane", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_line_says_where_a_tool_is(tmp_path: Path) -> None:
    """The path alone is on standard output, for a shell to use."""
    program = tmp_path / "etcd"
    program.touch(mode=0o755)
    assert _command_line("path", "etcd", KUBEBUILDER_ASSETS=str(tmp_path)).stdout == f"{program}\n"


def test_the_command_line_names_the_tools_it_knows() -> None:
    """A wrong name is answered with the right ones."""
    done = _command_line("build", "docker")
    assert done.returncode == 2
    assert "docker is none of etcd, kube-apiserver" in done.stderr

"""A pytest plug-in: one real control plane for the run, a namespace for each test, and clients for both.

It also makes the run end as it should: SIGTERM, and the death of the process that started pytest, tear
fixtures down as Ctrl-C does, and a run that leaves a process or a run folder behind fails.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import re
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import kubernetes
import pytest

from hack.controlplane import ControlPlane, end_with_parent, runs_root, sweep, tool_path
from hack.controlplane import control_plane as run_control_plane
from hack.controlplane.run_folders import LIVE
from tests.controlplane.process_table import children

if TYPE_CHECKING:
    from types import FrameType

CRDS = Path(__file__).parents[2] / "crds"
COMMAND_SECONDS = 60.0
TOOLS_OF = {  # what a fixture makes necessary; built before the first test's clock runs
    "control_plane": ("etcd", "kube-apiserver", "kube-controller-manager"),
    "kubectl": ("kubectl",),
    "helm": ("helm",),
}


class Command(Protocol):
    """Runs a tool as the administrator; with `check`, a failure raises with what the tool said."""

    def __call__(
        self, *arguments: str | Path, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run it with these arguments."""
        ...


def pytest_configure() -> None:
    """Make SIGTERM end the run as Ctrl-C does, and have it sent when our parent dies."""
    signal.signal(signal.SIGTERM, _interrupt)
    # A shell starts jobs in the background with Ctrl-C ignored, and all children would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    end_with_parent()


def pytest_unconfigure() -> None:
    """Take away the folder that pytest leaves empty, unless another run is using it."""
    with contextlib.suppress(OSError):
        Path(tempfile.gettempdir(), f"pytest-of-{getpass.getuser()}").rmdir()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the control plane."""
    for item in items:
        if "control_plane" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.controlplane)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Build the tools that the chosen tests need, in plain sight and outside the tests' time limits."""
    used = {name for item in session.items for name in getattr(item, "fixturenames", ())}
    capture = session.config.pluginmanager.getplugin("capturemanager")
    visible = capture.global_and_fixture_disabled() if capture else contextlib.nullcontext()
    with visible:
        for fixture, tools in TOOLS_OF.items():
            for tool in tools if fixture in used and not session.config.option.collectonly else ():
                tool_path(tool)


@pytest.fixture(scope="session", autouse=True)
def nothing_is_left() -> Iterator[None]:
    """Fail the run if it leaves a child process or the folder of a control plane."""
    before = children()
    yield
    sweep()  # of owners that tests killed; what is left then and ours, the code under test forgot
    left = [f"{pid} {command}" for pid, command in children().items() if pid not in before]
    left += [str(folder) for folder in runs_root().glob(f"{LIVE}*") if _owner(folder) == os.getpid()]
    assert not left, f"the run leaves behind: {left}"


@pytest.fixture(scope="session")
def control_plane() -> Iterator[ControlPlane]:
    """The one control plane of the run, with controllers and our CRDs."""
    with run_control_plane(controllers=True, definitions=sorted(CRDS.glob("*.yaml"))) as plane:
        yield plane


@pytest.fixture(scope="session")
def kube(control_plane: ControlPlane) -> Iterator[kubernetes.client.ApiClient]:
    """The official client, as the administrator."""
    configuration = kubernetes.client.Configuration()
    configuration.host = control_plane.server
    configuration.ssl_ca_cert = str(control_plane.ca_file)
    # not from the kubeconfig: the client would copy its key into a temporary file of its own
    configuration.cert_file = str(control_plane.directory / "admin.crt")
    configuration.key_file = str(control_plane.directory / "admin.key")
    with kubernetes.client.ApiClient(configuration) as client:
        yield client
        client.rest_client.pool_manager.clear()


@pytest.fixture
def namespace(kube: kubernetes.client.ApiClient, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of the test's own, named after it; deleted afterwards (that takes 5 s, nobody waits)."""
    words = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower().removeprefix("test_"))[:50].strip("-")
    name = f"{words}-{uuid.uuid4().hex[:6]}"
    api = kubernetes.client.CoreV1Api(kube)
    api.create_namespace(kubernetes.client.V1Namespace(metadata=kubernetes.client.V1ObjectMeta(name=name)))
    yield name
    api.delete_namespace(name)


@pytest.fixture(scope="session")
def kubectl(control_plane: ControlPlane) -> Command:
    """Kubectl in the control plane's version."""
    return _command("kubectl", control_plane)


@pytest.fixture(scope="session")
def helm(control_plane: ControlPlane) -> Command:
    """Helm 4."""
    return _command("helm", control_plane)


def _command(tool: str, plane: ControlPlane) -> Command:
    folders = {
        f"HELM_{what}_HOME": str(plane.directory / f"helm-{what.lower()}")
        for what in ("CACHE", "CONFIG", "DATA")
    }
    files = {"KUBECONFIG": str(plane.kubeconfig), "KUBECACHEDIR": str(plane.directory / "kubectl-cache")}
    environment = os.environ | files | folders
    program = tool_path(tool)

    def run(
        *arguments: str | Path, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [program, *arguments],
            input=stdin or "",
            env=environment,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(
                f"{tool} {' '.join(map(str, arguments))}: {done.returncode}\n{done.stdout}{done.stderr}"
            )
        return done

    return run


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _owner(folder: Path) -> int:
    """Give the process that made a run folder; 0 if the folder has just gone."""
    try:
        return int((folder / "owner").read_text().split()[0])
    except OSError:
        return 0

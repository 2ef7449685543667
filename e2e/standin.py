"""The stand-in provider as a pod: the operator's own image runs it, and its code comes from a ConfigMap.

So one image is all that a cluster needs to hold. Pods reach it by its Service's address: a cluster of the test may have
no names.
"""

from __future__ import annotations

import base64
import io
import json
import secrets
import sysconfig
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .manifests import namespace, restricted_container, restricted_pod

if TYPE_CHECKING:
    from .commands import Commands

ROOT: Final = Path(__file__).parents[1]
NAMESPACE: Final = "e2e-provider"
NAME: Final = "stand-in"
PORT: Final = 8080
LIBRARIES: Final = ("starlette", "uvicorn")
"""What the stand-in needs beyond what the operator's image has; both are pure Python."""

ENTRY: Final = "from demo.provider.__main__ import main\n\nmain()\n"
START_SECONDS: Final = 120


def new_key() -> str:
    """Make a provider key for one run."""
    return f"sk-standin-{secrets.token_urlsafe(24)}"


def program() -> bytes:
    """Give the stand-in and its libraries as one file that Python runs."""
    libraries = Path(sysconfig.get_path("purelib"))
    sources = [
        (ROOT, ROOT / "demo" / "__init__.py"),
        *((ROOT, path) for path in _python(ROOT / "demo" / "provider")),
    ]
    for library in LIBRARIES:
        sources += [(libraries, path) for path in _python(libraries / library)]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for base, path in sources:
            archive.write(path, path.relative_to(base))
        archive.writestr("__main__.py", ENTRY)
    return packed.getvalue()


def start(commands: Commands, *, image: str, key: str) -> str:
    """Start it and give the base URL that pods reach it at.

    Raises:
        StepFailed: it does not start.
    """
    commands.apply([namespace(NAMESPACE)])
    # create: apply would keep a copy of each in an annotation, which is too large for the one and shows the key of the other
    for document in (_program_document(), _key_document(key)):
        commands.kubectl("create", "--filename=-", stdin=json.dumps(document))
    commands.apply([_deployment(image), _service()])
    commands.kubectl(
        "rollout", "status", f"deployment/{NAME}", f"--namespace={NAMESPACE}", f"--timeout={START_SECONDS}s"
    )
    address = commands.get("service", NAME, f"--namespace={NAMESPACE}")["spec"]["clusterIP"]
    return f"http://{f'[{address}]' if ':' in address else address}:{PORT}/v1"


def _python(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def _metadata(name: str) -> dict[str, Any]:
    return {"name": name, "namespace": NAMESPACE, "labels": {"app": NAME}}


def _program_document() -> dict[str, Any]:
    packed = base64.b64encode(program()).decode()
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _metadata(NAME),
        "binaryData": {"provider.pyz": packed},
    }


def _key_document(key: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": _metadata(NAME), "stringData": {"api-key": key}}


def _service() -> dict[str, Any]:
    spec = {"selector": {"app": NAME}, "ports": [{"port": PORT}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": _metadata(NAME), "spec": spec}


def _deployment(image: str) -> dict[str, Any]:
    container = restricted_container(NAME, image) | {
        "command": ["python3", "/program/provider.pyz"],
        "args": ["--host=0.0.0.0", f"--port={PORT}", "--key-file=/key/api-key", "--latency=0.15"],
        "readinessProbe": {"tcpSocket": {"port": PORT}, "periodSeconds": 1},
        "volumeMounts": [
            {"name": "program", "mountPath": "/program", "readOnly": True},
            {"name": "key", "mountPath": "/key", "readOnly": True},
        ],
    }
    pod = restricted_pod(container) | {
        "volumes": [
            {"name": "program", "configMap": {"name": NAME}},
            {"name": "key", "secret": {"secretName": NAME}},
        ]
    }
    spec = {
        "selector": {"matchLabels": {"app": NAME}},
        "template": {"metadata": {"labels": {"app": NAME}}, "spec": pod},
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": _metadata(NAME), "spec": spec}

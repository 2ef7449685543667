"""Image archives: the one that holds a pod's namespaces, and the loading of others into the node."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import subprocess
import tarfile
from typing import IO, TYPE_CHECKING

from hack.controlplane.cache import GO_ARCHITECTURES

from .configs import CONTAINERD_SOCKET
from .place import ClusterError

if TYPE_CHECKING:
    from pathlib import Path

LOAD_SECONDS = 300.0  # a large image on a busy machine; seconds else


def write_image(archive: Path, *, image: str, program: Path) -> None:
    """Write a docker-archive of an image that has one static program in it and runs it."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        _add(tar, program.name, program.read_bytes(), mode=0o755)
    machine = platform.machine().lower()
    config = {
        "architecture": GO_ARCHITECTURES.get(machine, machine),
        "os": "linux",
        "config": {"Entrypoint": [f"/{program.name}"], "User": "65535:65535"},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer.getvalue()).hexdigest()}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [image], "Layers": ["layer.tar"]}]
    with tarfile.open(archive, "w") as tar:
        _add(tar, "layer.tar", layer.getvalue())
        _add(tar, "config.json", json.dumps(config).encode())
        _add(tar, "manifest.json", json.dumps(manifest).encode())


def import_image(archive: IO[bytes], *, inside_of: int | None = None) -> list[str]:
    """Have containerd take the images of an archive; give their names.

    Args:
        archive: as `docker save` writes it, or an OCI archive.
        inside_of: a process in whose namespaces containerd runs; None is this one's own.

    Raises:
        ClusterError: containerd refused.
    """
    enter = [] if inside_of is None else ["nsenter", f"--target={inside_of}", "--mount"]
    command = [
        *enter,
        "ctr",
        "--address",
        CONTAINERD_SOCKET,
        "--namespace",
        "k8s.io",
        "images",
        "import",
        "-",
    ]
    done = subprocess.run(
        command, stdin=archive, capture_output=True, text=True, check=False, timeout=LOAD_SECONDS
    )
    if done.returncode:
        raise ClusterError(f"containerd did not take the image: {done.stderr.strip()}")
    return [line.split()[1] for line in done.stdout.splitlines() if line.startswith("unpacking ")]


def _add(tar: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), mode
    tar.addfile(member, io.BytesIO(content))

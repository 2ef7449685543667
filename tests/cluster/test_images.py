"""The archive of the image that holds a pod's namespaces."""

from __future__ import annotations

import hashlib
import json
import tarfile
from pathlib import Path
from typing import Any

from hack.cluster.images import write_image


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    assert file is not None
    return file.read()


def test_the_archive_is_what_docker_save_would_write(tmp_path: Path) -> None:
    """One layer that is what its digest says, one program that may be run, and that is not root."""
    program = tmp_path / "pod-pause"
    program.write_bytes(b"\x7fELF")
    write_image(tmp_path / "image.tar", image="localhost/pod-pause:1.0.0", program=program)
    with tarfile.open(tmp_path / "image.tar") as archive:
        (manifest,) = json.loads(_read(archive, "manifest.json"))
        config: dict[str, Any] = json.loads(_read(archive, manifest["Config"]))
        layer = _read(archive, manifest["Layers"][0])
        (tmp_path / "layer.tar").write_bytes(layer)
    assert manifest["RepoTags"] == ["localhost/pod-pause:1.0.0"]
    assert config["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(layer).hexdigest()}"]
    assert config["config"]["Entrypoint"] == ["/pod-pause"]
    assert not config["config"]["User"].startswith("0")
    with tarfile.open(tmp_path / "layer.tar") as files:
        (member,) = files.getmembers()
        assert (member.name, member.mode, _read(files, member.name)) == ("pod-pause", 0o755, b"\x7fELF")

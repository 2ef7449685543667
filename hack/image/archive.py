"""Reads an image from the archive that `docker save` and its relatives write."""

from __future__ import annotations

import gzip
import json
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

CHUNK = 1 << 20
MEGABYTE = 1e6


@dataclass(frozen=True, slots=True)
class Sizes:
    """Uncompressed bytes: of the base image's layers, and of the layers above them."""

    base: int
    above: int


def sizes(archive: Path, *, base_layers: int) -> Sizes:
    """Add up the layers of the one image in an archive.

    Args:
        archive: as `docker save` writes it.
        base_layers: how many of its layers, from the bottom, are the base image's.
    """
    with tarfile.open(archive) as tar:
        (image,) = json.load(_member(tar, "manifest.json"))
        layers = [_uncompressed(tar, name) for name in image["Layers"]]
    return Sizes(sum(layers[:base_layers]), sum(layers[base_layers:]))


def _uncompressed(tar: tarfile.TarFile, name: str) -> int:
    while (member := tar.getmember(name)).issym() or member.islnk():
        name = member.linkname.removeprefix("../")
    file = _member(tar, name)
    if file.read(2) != b"\x1f\x8b":
        return member.size
    file.seek(0)
    with gzip.open(file) as layer:
        return sum(len(chunk) for chunk in iter(lambda: layer.read(CHUNK), b""))


def _member(tar: tarfile.TarFile, name: str) -> tarfile.ExFileObject:
    file = tar.extractfile(name)
    if not isinstance(file, tarfile.ExFileObject):
        raise tarfile.ReadError(f"{name} in the archive is no file")
    return file

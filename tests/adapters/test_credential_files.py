"""Key files, as the kubelet mounts them: real files, real links."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from realtime_operator.adapters.credential_files import FILE_LIMIT, CredentialFiles
from realtime_operator.core.errors import ProviderNotReady
from realtime_operator.core.reasons import Reason

KEY = "sk-planted-in-a-file"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of credentials, beside which a token lies that nobody may have."""
    (tmp_path / "token").write_text("planted-service-account")
    (tmp_path / "credentials" / "openai").mkdir(parents=True)
    return tmp_path / "credentials"


def publish(folder: Path, version: str, text: str) -> None:
    """Put a version of a projected volume in place, as the kubelet does: a new folder, and one link that is swapped."""
    (folder / f"..{version}").mkdir()
    (folder / f"..{version}" / "api-key").write_text(text)
    (folder / "..new").symlink_to(f"..{version}")
    (folder / "..new").rename(folder / "..data")
    if not (folder / "api-key").is_symlink():
        (folder / "api-key").symlink_to("..data/api-key")


def refusal(folder: Path, path: str) -> str:
    """What is said of a file that is no key."""
    with pytest.raises(ProviderNotReady) as caught:
        CredentialFiles(folder).read(path)
    assert caught.value.reason is Reason.KEY_FILE_UNUSABLE
    assert str(caught.value).startswith(f"spec.auth.file.path {path}: ")
    assert "planted" not in repr(caught.value)
    return str(caught.value)


def test_a_file_as_it_is(folder: Path) -> None:
    """It is read at each call, so another version is seen at the next one."""
    (folder / "openai" / "api-key").write_text(f"{KEY}\n")
    files = CredentialFiles(folder)
    assert files.read("openai/api-key") == f"{KEY}\n"
    (folder / "openai" / "api-key").write_text("sk-other")
    assert files.read("openai/api-key") == "sk-other"


def test_a_projected_volume(folder: Path) -> None:
    """Links within the folder are followed, also once the kubelet has published another version."""
    publish(folder / "openai", "one", "sk-one")
    files = CredentialFiles(folder)
    assert files.read("openai/api-key") == "sk-one"
    publish(folder / "openai", "two", "sk-two")
    assert files.read("openai/api-key") == "sk-two"


def test_a_folder_that_is_a_link_itself(folder: Path) -> None:
    """Where the folder is says nothing of what lies outside it."""
    (folder / "openai" / "api-key").write_text(KEY)
    (folder.parent / "mounted").symlink_to(folder)
    assert CredentialFiles(folder.parent / "mounted").read("openai/api-key") == KEY


def test_nothing_outside_the_folder(folder: Path) -> None:
    """Neither by steps upward nor by an absolute path, which the schema refuses, nor by a link."""
    (folder / "openai" / "api-key").symlink_to("../../token")
    for path in ("openai/api-key", "../token", str(folder.parent / "token")):
        assert "leads out of the folder" in refusal(folder, path)


def test_what_is_not_there(folder: Path) -> None:
    """The folder is named, so that whoever mounts the file knows where."""
    (folder / "file").write_text(KEY)
    (folder / "dangling").symlink_to("nowhere")
    for path in ("openai/api-key", "file/below", "dangling"):
        assert f"no such file below {folder}; mount the key there" in refusal(folder, path)


def test_what_is_no_key(folder: Path) -> None:
    """A folder, a pipe without a writer, a loop of links, bytes, and a file without end are refused, and hold nobody up."""
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to("loop")
    (folder / "bytes").write_bytes(b"\xff\xfe")
    (folder / "large").write_text("k" * (FILE_LIMIT + 1))
    assert "is no plain file" in refusal(folder, "pipe")
    assert "cannot be read" in refusal(folder, "openai")
    assert "cannot be read" in refusal(folder, "loop")
    assert "is no text" in refusal(folder, "bytes")
    assert "is larger than" in refusal(folder, "large")

"""Which kubeconfig files the observer can use, and what it says of those it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from observer.kubeconfig import KubeconfigError, read_kubeconfig

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, user: dict[str, Any], cluster: dict[str, Any] | None = None) -> Path:
    """Write a kubeconfig with one context."""
    path = folder / "config"
    document = {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1/"} | (cluster or {})}],
        "users": [{"name": "u", "user": user}],
    }
    path.write_text(yaml.safe_dump(document))
    return path


def test_a_token_becomes_a_header_that_never_prints(tmp_path: Path) -> None:
    """A token is sent as bearer, and is not in the value's repr."""
    access = read_kubeconfig(written(tmp_path, {"token": "secret-token"}))
    assert access.headers == {"Authorization": "Bearer secret-token"}
    assert access.server == "http://127.0.0.1:1"
    assert "secret-token" not in repr(access)


def test_a_token_file_is_found_beside_the_kubeconfig(tmp_path: Path) -> None:
    """A relative path is relative to the kubeconfig."""
    (tmp_path / "token").write_text("from-file\n")
    access = read_kubeconfig(written(tmp_path, {"tokenFile": "token"}))
    assert access.headers == {"Authorization": "Bearer from-file"}


def test_https_is_verified_unless_the_file_says_otherwise(tmp_path: Path) -> None:
    """Skipping verification is the file's explicit wish."""
    https = {"server": "https://127.0.0.1:1"}
    strict = read_kubeconfig(written(tmp_path, {}, https)).tls
    loose = read_kubeconfig(written(tmp_path, {}, https | {"insecure-skip-tls-verify": True})).tls
    assert strict is not None
    assert loose is not None
    assert (strict.check_hostname, loose.check_hostname) == (True, False)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "ParserError"),
        ("current-context: none\ncontexts: []", "KeyError"),
        ("[]", "TypeError"),
        ("", "TypeError"),
    ],
)
def test_a_file_that_is_no_kubeconfig_is_named(tmp_path: Path, text: str, says: str) -> None:
    """The message names the file and the kind of trouble, not the content."""
    path = tmp_path / "broken"
    path.write_text(text)
    with pytest.raises(KubeconfigError, match=f"broken: {says}"):
        read_kubeconfig(path)


def test_a_credential_that_is_missing_or_broken_is_named(tmp_path: Path) -> None:
    """A token file that is not there, and a certificate that is none, end in the same error."""
    https = {"server": "https://127.0.0.1:1"}
    for user in (
        {"tokenFile": "nowhere"},
        {"client-certificate-data": "bm9uZQ==", "client-key-data": "bm9uZQ=="},
    ):
        with pytest.raises(KubeconfigError, match="credentials"):
            read_kubeconfig(written(tmp_path, user, https))


def test_plug_ins_are_refused(tmp_path: Path) -> None:
    """A file that wants a program run is refused, with what to do."""
    with pytest.raises(KubeconfigError, match="use a token or a certificate"):
        read_kubeconfig(written(tmp_path, {"exec": {"command": "login"}}))

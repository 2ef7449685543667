"""Credentials from kubeconfigs and service accounts."""

from __future__ import annotations

import asyncio
import base64
import ssl
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from hack.controlplane.certificates import Authority, Pair
from realtime_operator.adapters.cluster_access import ClusterAccessInvalid
from realtime_operator.adapters.find_cluster import find_cluster
from realtime_operator.adapters.kube_client import KubeClient
from realtime_operator.adapters.kube_path import NAMESPACES
from realtime_operator.adapters.kubeconfig import access_of_kubeconfig
from tests.adapters.raw_server import answer, raw_server

TOKEN = "planted-service-account-token"


def kubeconfig(cluster: dict[str, Any] | None = None, user: dict[str, Any] | None = None) -> dict[str, Any]:
    """A kubeconfig with one context, in namespace hotel."""
    return {
        "current-context": "main",
        "contexts": [{"name": "main", "context": {"cluster": "c", "user": "u", "namespace": "hotel"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:6443/", **(cluster or {})}}],
        "users": [{"name": "u", "user": user or {}}],
    }


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a kubeconfig file."""

    def write(document: object, name: str = "config") -> Path:
        path = tmp_path / name
        path.write_text(yaml.safe_dump(document))
        return path

    return write


@pytest.fixture(scope="module")
def operator_pair(authority: Authority) -> Pair:
    """A client certificate."""
    return authority.client("operator")


def encoded(pem: bytes) -> str:
    """As a kubeconfig's ...-data fields hold it."""
    return base64.b64encode(pem).decode()


@pytest.fixture
def mutual_tls(authority: Authority, server_tls: ssl.SSLContext) -> Iterator[ssl.SSLContext]:
    """The server's TLS, asking for a client certificate."""
    server_tls.load_verify_locations(cadata=authority.certificate.decode())
    server_tls.verify_mode = ssl.CERT_REQUIRED
    yield server_tls
    server_tls.verify_mode = ssl.CERT_NONE


@pytest.fixture(params=["data", "absolute files", "relative files"])
def tls_fields(
    request: pytest.FixtureRequest, authority: Authority, operator_pair: Pair, tmp_path: Path
) -> dict[str, str]:
    """Authority, client certificate and key as fields of a kubeconfig in the temporary folder."""
    pems = {
        "certificate-authority": authority.certificate,
        "client-certificate": operator_pair.certificate,
        "client-key": operator_pair.key,
    }
    if request.param == "data":
        return {f"{name}-data": encoded(pem) for name, pem in pems.items()}
    for name, pem in pems.items():
        (tmp_path / name).write_bytes(pem)
    folder = tmp_path if request.param == "absolute files" else Path()
    return {name: str(folder / name) for name in pems}


def left_behind() -> set[str]:
    """What of ours lies in the folder for temporary files."""
    return {path.name for path in Path(tempfile.gettempdir()).glob("realtime-operator-tls-*")}


async def test_client_certificates(
    mutual_tls: ssl.SSLContext, write: Callable[..., Path], tls_fields: dict[str, str]
) -> None:
    """A client certificate given as data, as absolute or as relative files lets us in, and leaves no file behind."""
    async with raw_server(answer(b'{"ok":true}'), tls=mutual_tls) as server:
        path = write(kubeconfig({"server": f"https://localhost:{server.port}", **tls_fields}, tls_fields))
        access = access_of_kubeconfig([path])
        assert not left_behind()
        async with KubeClient(access) as client:
            assert await client.request("GET", NAMESPACES.one(None, "hotel")) == {"ok": True}
    assert (access.namespace, access.bearer()) == ("hotel", None)


async def test_an_unchecked_server(server_tls: ssl.SSLContext, write: Callable[..., Path]) -> None:
    """insecure-skip-tls-verify takes any certificate, and the token goes with the request."""
    async with raw_server(answer(), tls=server_tls) as server:
        cluster = {"server": f"https://127.0.0.1:{server.port}", "insecure-skip-tls-verify": True}
        access = access_of_kubeconfig([write(kubeconfig(cluster, {"token": TOKEN}))])
        async with KubeClient(access) as client:
            await client.request("GET", NAMESPACES.one(None, "hotel"))
    assert f"Bearer {TOKEN}".encode() in server.requests[0]
    assert access.ssl_context.verify_mode is ssl.CERT_NONE


def test_a_token_file_wins_over_a_token(write: Callable[..., Path], tmp_path: Path) -> None:
    """TokenFile, relative to the kubeconfig, is read rather than the token beside it, as kubectl does."""
    (tmp_path / "token").write_text("from-file\n")
    access = access_of_kubeconfig([write(kubeconfig(user={"tokenFile": "token", "token": "inline"}))])
    assert access.bearer() == "from-file"


def test_content_wins_over_a_file(write: Callable[..., Path], operator_pair: Pair) -> None:
    """Where a kubeconfig gives both the content and a file, the file is not looked at, as with kubectl."""
    user = {
        "client-certificate": "nowhere",
        "client-certificate-data": encoded(operator_pair.certificate),
        "client-key-data": encoded(operator_pair.key),
    }
    assert access_of_kubeconfig([write(kubeconfig(user=user))]).bearer() is None


def test_credentials_do_not_print(write: Callable[..., Path], operator_pair: Pair) -> None:
    """Neither token nor key is in a repr."""
    user = {
        "token": TOKEN,
        "client-certificate-data": encoded(operator_pair.certificate),
        "client-key-data": encoded(operator_pair.key),
    }
    text = repr(access_of_kubeconfig([write(kubeconfig(user=user))]))
    assert TOKEN not in text
    assert encoded(operator_pair.key) not in text
    assert "https://127.0.0.1:6443'" in text


@pytest.mark.parametrize(
    ("cluster", "user", "says"),
    [
        pytest.param({}, {"exec": {"command": "login"}}, "an exec plug-in", id="exec"),
        pytest.param({}, {"auth-provider": {"name": "gcp"}}, "an auth-provider plug-in", id="auth-provider"),
        pytest.param({}, {"username": "a", "password": "b"}, "a user name and password", id="password"),
        pytest.param({}, {"as": "someone"}, "impersonation", id="impersonation"),
        pytest.param({"proxy-url": "http://p"}, {}, "proxy-url", id="proxy"),
        pytest.param({"tls-server-name": "x"}, {}, "tls-server-name", id="server name"),
        pytest.param({"certificate-authority": "nowhere.crt"}, {}, "certificate authority", id="no CA file"),
        pytest.param(
            {"certificate-authority-data": "%%"}, {}, "certificate authority", id="CA is not base64"
        ),
        pytest.param({}, {"client-certificate-data": "eA=="}, "client certificate", id="no certificate"),
        pytest.param({"server": ""}, {}, "names no server", id="no server"),
    ],
)
def test_what_is_not_supported_is_said(
    write: Callable[..., Path], cluster: dict[str, Any], user: dict[str, Any], says: str
) -> None:
    """A login or a route that would be silently wrong is refused in one sentence."""
    with pytest.raises(ClusterAccessInvalid, match=says):
        access_of_kubeconfig([write(kubeconfig(cluster, user))])


def test_an_encrypted_key_is_refused(write: Callable[..., Path], operator_pair: Pair) -> None:
    """A key with a passphrase is an error; nobody is asked on the terminal."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - needed here alone

    key = serialization.load_pem_private_key(operator_pair.key, None).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"passphrase"),
    )
    user = {
        "client-certificate-data": encoded(operator_pair.certificate),
        "client-key-data": encoded(key),
    }
    with pytest.raises(ClusterAccessInvalid, match="client certificate or its key"):
        access_of_kubeconfig([write(kubeconfig(user=user))])


@pytest.mark.parametrize(
    ("document", "says"),
    [
        pytest.param([], "no YAML mapping", id="a list"),
        pytest.param({}, "no current-context", id="no context chosen"),
        pytest.param({"current-context": "x"}, "no context 'x'", id="context missing"),
        pytest.param({**kubeconfig(), "clusters": []}, "no cluster 'c'", id="cluster missing"),
        pytest.param({**kubeconfig(), "users": None}, "no user 'u'", id="user missing"),
    ],
)
def test_a_broken_kubeconfig_says_what_is_missing(
    write: Callable[..., Path], document: object, says: str
) -> None:
    """Each thing that the current context leads to must be there."""
    with pytest.raises(ClusterAccessInvalid, match=says):
        access_of_kubeconfig([write(document)])


def test_kubeconfigs_are_merged(write: Callable[..., Path], tmp_path: Path) -> None:
    """With several files the first to define a thing wins, and a file that is not there is passed over."""
    first = {"current-context": "main", "users": [{"name": "u", "user": {"token": "first"}}]}
    names = [tmp_path / "absent", write(first, "one"), write(kubeconfig(user={"token": "second"}), "two")]
    access = find_cluster({"KUBECONFIG": ":".join(map(str, names))})
    assert access.bearer() == "first"
    with pytest.raises(ClusterAccessInvalid, match="no kubeconfig at"):
        access_of_kubeconfig(names[:1])


def test_not_yaml(tmp_path: Path) -> None:
    """A file that is no YAML is named, its content is not."""
    path = tmp_path / "config"
    path.write_text(f"a: [{TOKEN}")
    with pytest.raises(ClusterAccessInvalid) as caught:
        access_of_kubeconfig([path])
    assert str(path) in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_the_users_own_kubeconfig(write: Callable[..., Path], tmp_path: Path) -> None:
    """Without KUBECONFIG and outside of a pod, the file in the home folder counts."""
    (tmp_path / ".kube").mkdir()
    write(kubeconfig(user={"token": TOKEN}), ".kube/config")
    assert find_cluster({"HOME": str(tmp_path)}).bearer() == TOKEN


async def test_a_refused_token_is_read_anew_and_the_request_repeated(
    server_tls: ssl.SSLContext, write: Callable[..., Path], tmp_path: Path
) -> None:
    """A 401 leads to one more attempt, with the token that the file holds by then."""
    token = tmp_path / "token"
    token.write_text("old")
    refused = answer(status="401 Unauthorized")
    async with raw_server(refused, answer(b"[1]"), tls=server_tls) as server:
        cluster = {"server": f"https://localhost:{server.port}", "insecure-skip-tls-verify": True}
        access = access_of_kubeconfig([write(kubeconfig(cluster, {"tokenFile": str(token)}))])
        assert access.bearer() == "old"
        await asyncio.to_thread(token.write_text, "new")
        async with KubeClient(access) as client:
            assert await client.request("GET", NAMESPACES.one(None, "hotel")) == [1]
    assert b"Bearer old" in server.requests[0]
    assert b"Bearer new" in server.requests[1]

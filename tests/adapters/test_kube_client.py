"""The Kubernetes client against a server that misbehaves."""

from __future__ import annotations

import json
import ssl

import pytest

from realtime_operator.adapters.kube_client import KubeClient
from realtime_operator.adapters.kube_path import OWN_KINDS, SECRETS
from realtime_operator.adapters.kube_refusal import ApiRefusal
from realtime_operator.core.errors import ClusterError, ClusterForbidden, ClusterUnavailable, SessionGone
from tests.adapters.plain_http import DATA, PATIENT_S, TOKEN, access_to, serving, status
from tests.adapters.raw_server import Reply, answer, raw, raw_server, silence
from tests.adapters.reachable import reachable_text

PATH = SECRETS.one("hotel", "concierge")


async def failure(client: KubeClient, kind: type[ClusterError] = ClusterUnavailable) -> ClusterError:
    """The error that a patch ends in, which must hide what was sent."""
    with pytest.raises(kind) as caught:
        await client.request("PATCH", PATH, body=json.dumps({"data": DATA}).encode())
    text = reachable_text(caught.value)
    assert TOKEN not in text
    assert DATA not in text
    return caught.value


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        pytest.param(silence, "no answer within 0.5 s", id="hangs"),
        pytest.param(raw(b""), "connection closed before the answer was complete", id="closes"),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), "connection closed", id="cut"),
        pytest.param(answer(b"<html>"), "the answer is no JSON", id="HTML"),
        pytest.param(raw(b"nonsense\r\n\r\n"), "the request could not be made", id="no HTTP"),
        pytest.param(status(500, "InternalError"), "500 InternalError", id="internal error"),
        pytest.param(status(429, "TooManyRequests", retryAfterSeconds=1), "429 TooManyRequests", id="429"),
        pytest.param(answer(b"<html>", status="502 Bad Gateway"), "502", id="a proxy's page"),
        pytest.param(answer(b'{"kind":"Status","details":[],"message":3}', status="400 x"), "400", id="odd"),
        pytest.param(answer(status="302 Found", headers="Location: /\r\n"), "302", id="a redirect"),
    ],
)
async def test_trouble_is_unavailable(reply: Reply, says: str) -> None:
    """Whatever is no answer is ClusterUnavailable, with the request's template and the cause, and is not repeated."""
    async with serving(reply, within=0.5 if reply is silence else PATIENT_S) as (client, server):
        error = await failure(client)
    assert says in str(error)
    assert str(error).startswith("PATCH /api/v1/namespaces/hotel/secrets/{name}: ")
    assert len(server.requests) == 1


async def test_an_answer_that_nobody_reads_is_not_decoded() -> None:
    """A write may be sent for its success alone; its refusals are errors as ever, and the connection serves the next one."""
    refused = status(422, "Invalid", causes=[{"field": "status.rotations"}])
    async with serving(answer(b"{undecoded"), refused) as (client, server):
        assert await client.send("PATCH", PATH, body=b"[]") == b"{undecoded"
        with pytest.raises(ApiRefusal, match=r"422 Invalid at status\.rotations"):
            await client.send("PATCH", PATH, body=b"[]")
    assert server.connections == 1


async def test_nobody_listens(deaf_port: int) -> None:
    """A refused connection and an unknown host are told apart."""
    async with KubeClient(access_to(f"http://127.0.0.1:{deaf_port}")) as client:
        assert "ConnectionRefusedError" in str(await failure(client))
    async with KubeClient(access_to("http://kubernetes.invalid")) as client:
        assert "cannot resolve kubernetes.invalid" in str(await failure(client))


async def test_an_untrusted_api_server(server_tls: ssl.SSLContext) -> None:
    """An API server with an unknown certificate gets no token."""
    async with (
        raw_server(answer(), tls=server_tls) as server,
        KubeClient(access_to(f"https://localhost:{server.port}")) as client,
    ):
        assert "certificate is not trusted" in str(await failure(client))
    assert server.requests == []


async def test_a_closed_client_says_so() -> None:
    """A request after the end is an error, not a crash."""
    async with KubeClient(access_to("http://127.0.0.1:1")) as client:
        pass
    assert "the client is closed" in str(await failure(client))


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ("User cannot patch", "RBAC does not let the operator patch secrets in namespace hotel"),
        ("exceeded quota: q", "a ResourceQuota refuses to let the operator patch secrets in namespace hotel"),
        ("ValidatingAdmissionPolicy 'p' denied", "a ValidatingAdmissionPolicy refuses"),
        ('admission webhook "w" denied', "an admission webhook refuses"),
    ],
)
async def test_who_forbids_is_named(message: str, says: str) -> None:
    """A 403 names the verb, the resource, and which of RBAC, quota and policy refused."""
    body = json.dumps({"kind": "Status", "message": message, "reason": "Forbidden", "details": {}}).encode()
    async with serving(answer(body, status="403 Forbidden")) as (client, _):
        assert says in str(await failure(client, ClusterForbidden))


async def test_a_terminating_namespace() -> None:
    """The 403 of a terminating namespace is no question of rights."""
    cause = {"reason": "NamespaceTerminating", "field": "metadata.namespace"}
    async with serving(status(403, "Forbidden", causes=[cause])) as (client, _):
        assert (
            str(await failure(client, SessionGone))
            == "namespace hotel is terminating; make the session in another one"
        )


async def test_refused_fields_are_named_without_values() -> None:
    """Of a 422 the fields are known; the message, which quotes values, is not."""
    causes = [{"field": "data[token]", "message": f"Invalid value: {DATA}"}, {"field": "metadata.uid"}, "odd"]
    async with serving(status(422, "Invalid", causes=causes)) as (client, _):
        error = await failure(client, ApiRefusal)
    assert isinstance(error, ApiRefusal)
    assert (error.status, error.fields, error.concerns_uid) == (422, ("data[token]", "metadata.uid"), True)
    assert "422 Invalid at data[token], metadata.uid" in str(error)


@pytest.mark.parametrize("name", ["../../secrets/x", "a/b", "a%2fb", "", "A", "a?b", "x" * 254, "-a"])
async def test_no_name_leads_elsewhere(name: str) -> None:
    """A name that no object can have is answered as not found, without a request."""
    async with serving(answer()) as (client, server):
        with pytest.raises(ApiRefusal) as caught:
            await client.request("GET", SECRETS.one("hotel", name))
    assert caught.value.status == 404
    assert server.requests == []


async def test_a_query_travels_encoded() -> None:
    """Values of a query are escaped, so that a continue token arrives as it was."""
    async with serving(answer()) as (client, server):
        path = OWN_KINDS["RealtimeSession"].collection()
        await client.request("GET", path, query={"continue": "a+b=&c", "limit": "3"})
    line = server.requests[0].partition(b"\r\n")[0]
    base = b"GET /apis/realtime-operator.io/v1alpha1/realtimesessions"
    assert line == base + b"?continue=a%2Bb%3D%26c&limit=3 HTTP/1.1"

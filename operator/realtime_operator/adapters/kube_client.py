"""A thin client of the Kubernetes API on one aiohttp session."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
from yarl import URL

from realtime_operator.adapters.cluster_access import ClusterAccess
from realtime_operator.adapters.kube_path import KubePath
from realtime_operator.adapters.kube_refusal import NOT_FOUND, ApiRefusal, refusal
from realtime_operator.adapters.user_agent import USER_AGENT
from realtime_operator.core.errors import ClusterUnavailable
from realtime_operator.core.reasons import Reason
from realtime_operator.json_bytes import decoded
from realtime_operator.unhurried import in_step

JSON: Final = "application/json"
MERGE_PATCH: Final = "application/merge-patch+json"
JSON_PATCH: Final = "application/json-patch+json"
METADATA_ONLY: Final = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
METADATA_LIST_ONLY: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

DEFAULT_CONNECTIONS: Final = 64
DEFAULT_TIMEOUT_S: Final = 10.0


class KubeClient:
    """Sends one request, reads one JSON answer; what fails, fails as an error of ``core.errors``.

    Use it as an asynchronous context manager: the session lives as long.

    Args:
        access: the cluster and the credentials.
        connections: how many requests may be in flight; more wait, within their timeout.
        timeout: seconds for a whole request.
        trust_env: whether the proxy variables of the environment are obeyed.
    """

    def __init__(
        self,
        access: ClusterAccess,
        *,
        connections: int = DEFAULT_CONNECTIONS,
        timeout: float = DEFAULT_TIMEOUT_S,
        trust_env: bool = False,
    ) -> None:
        self._access = access
        self._connections = connections
        self._timeout = timeout
        self._trust_env = trust_env
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the session; no connection is made yet."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections, ssl=self._access.ssl_context),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self._timeout),
            trust_env=self._trust_env,
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the session and its connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def request(
        self,
        method: str,
        path: KubePath,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        content_type: str = JSON,
        accept: str = JSON,
        read: Callable[[bytes], Any] = decoded,
    ) -> Any:
        """Send one request and decode the JSON of its answer by ``read``; otherwise as ``send``.

        Raises:
            ClusterUnavailable: also when a successful answer is no JSON, or nested too deeply.
        """
        answer = await self.send(
            method, path, query=query, body=body, content_type=content_type, accept=accept
        )
        try:
            return read(answer)
        except (ValueError, RecursionError):  # an object may be nested as deeply as its author likes
            pass
        raise _unavailable(method, path, "the answer is no JSON that can be read")

    async def send(
        self,
        method: str,
        path: KubePath,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        content_type: str = JSON,
        accept: str = JSON,
    ) -> bytes:
        """Send one request; once more, with fresh credentials, if they are refused.

        Returns:
            A successful answer as it came: decoding takes its time, and not everybody reads what was written.

        Raises:
            ApiRefusal: any refusal that the caller may want to map; it is a ClusterUnavailable.
            ClusterForbidden: RBAC or admission refuses.
            ClusterUnavailable: no complete answer came, or one that says the API server is in trouble.
            SessionGone: the namespace is terminating.
        """
        if not path.possible:
            raise ApiRefusal(f"{method} {path.template}: no such name can exist", status=NOT_FOUND)
        headers = {"Accept": accept}
        if body is not None:
            headers["Content-Type"] = content_type
        status, answer = await self._exchange(method, path, query, body, headers)
        if status == HTTPStatus.UNAUTHORIZED:
            self._access.bearer.refresh()
            status, answer = await self._exchange(method, path, query, body, headers)
        if not HTTPStatus(200) <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise refusal(method, path, status, answer)
        return answer

    async def lines(
        self, path: KubePath, *, query: Mapping[str, str], accept: str, silent: float
    ) -> AsyncGenerator[bytes]:
        """Read an answer that comes line by line and may never end, such as a watch.

        Args:
            path: what to GET.
            query: of the request.
            accept: the form of the answer.
            silent: seconds without a byte after which nothing more is waited for.

        Raises:
            ApiRefusal, ClusterForbidden: as ``send``; credentials that were refused are fresh the next time.
            ClusterUnavailable: no answer came, or it broke off.
        """
        headers = {"Accept": accept}
        session, url = self._prepared("GET", path, query, headers)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._timeout, sock_read=silent)
        status, answer, cause = HTTPStatus.OK.value, b"", None
        try:
            async with session.get(url, headers=headers, allow_redirects=False, timeout=timeout) as response:
                status = response.status
                if status != HTTPStatus.OK:
                    answer = await response.read()
                else:
                    async for line in _lines_of(response.content):
                        yield line
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            cause = _cause(error, silent)
        if cause is not None:  # raised out here for the same reason as below
            raise _unavailable("GET", path, cause)
        if status == HTTPStatus.UNAUTHORIZED:
            self._access.bearer.refresh()
        if status != HTTPStatus.OK:
            raise refusal("GET", path, status, answer)

    async def _exchange(
        self,
        method: str,
        path: KubePath,
        query: Mapping[str, str] | None,
        body: bytes | None,
        headers: dict[str, str],
    ) -> tuple[int, bytes]:
        await in_step()
        session, url = self._prepared(method, path, query, headers)
        try:
            async with session.request(
                method, url, data=body, headers=headers, allow_redirects=False
            ) as response:
                status, answer = response.status, await response.read()
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            cause = _cause(error, self._timeout)
        else:
            await in_step()
            return status, answer
        # Raised out here, where the client's exception, which holds the request, is no longer the context.
        raise _unavailable(method, path, cause)

    def _prepared(
        self, method: str, path: KubePath, query: Mapping[str, str] | None, headers: dict[str, str]
    ) -> tuple[aiohttp.ClientSession, URL]:
        """Give the open session and where to send; the present credentials are added to the headers."""
        if self._session is None:
            raise _unavailable(method, path, "the client is closed")
        token = self._access.bearer()
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        url = URL(self._access.server + path.url, encoded=True)
        return self._session, url.update_query(query) if query else url


async def _lines_of(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Whole lines, however long: the reader's own have a limit, and an object may have more annotations than that."""
    rest = b""
    async for chunk in content.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line:
                yield line


def _cause(error: Exception, limit: float) -> str:
    """Say what went wrong, from safe parts only."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return "the API server's certificate is not trusted"
        case aiohttp.ClientConnectorDNSError():
            return f"cannot resolve {error.host}"
        case aiohttp.ClientConnectorError():
            return f"cannot connect to {error.host}:{error.port} ({type(error.os_error).__name__})"
        case TimeoutError():
            return f"no answer within {limit:g} s"
        case aiohttp.ClientConnectionError() | aiohttp.ClientPayloadError():
            return "connection closed before the answer was complete"
        case _:
            return f"the request could not be made ({type(error).__name__})"


def _unavailable(method: str, path: KubePath, cause: str) -> ClusterUnavailable:
    return ClusterUnavailable(Reason.CLUSTER_UNAVAILABLE, f"{method} {path.template}: {cause}")

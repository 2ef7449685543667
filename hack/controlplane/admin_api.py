"""The few requests that starting a control plane takes, made as its administrator."""

from __future__ import annotations

import http.client
import json
import ssl
from typing import TYPE_CHECKING, Any

from .components import LOOPBACK

if TYPE_CHECKING:
    from pathlib import Path

TIMEOUT_SECONDS = 5.0  # on loopback; an answer that takes longer is asked for again


class AdminApi:
    """Speaks to the kube-apiserver at one address and port, one connection for each request."""

    def __init__(
        self, port: int, *, ca_file: Path, certificate: Path, key: Path, address: str = LOOPBACK
    ) -> None:
        self._address, self._port = address, port
        self._tls = ssl.create_default_context(cafile=str(ca_file))
        self._tls.load_cert_chain(certificate, key)

    def call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Make one request; give the status and the decoded JSON, or the text where it is none.

        A server that is not reachable gives the status 0.
        """
        connection = http.client.HTTPSConnection(
            self._address, self._port, context=self._tls, timeout=TIMEOUT_SECONDS
        )
        try:
            sent = None if body is None else json.dumps(body)
            connection.request(method, path, sent, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, _decoded(response.read())
        except (OSError, http.client.HTTPException):
            return 0, None
        finally:
            connection.close()


def _decoded(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content.decode(errors="replace")

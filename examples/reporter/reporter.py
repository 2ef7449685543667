"""Says on its own pod which token the mounted file holds, so that the session can count it: `status.pods.confirmed`.

Runs as a native sidecar that mounts the same Secret. It proves what the pod's volume shows, not what the program beside
it has read: a program that wants to prove that sets the same annotation itself. It needs the right to patch pods: see
rights.yaml, and fence.yaml, which keeps that right to this one annotation pair of the pod's own.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import signal
import ssl
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

DOCUMENT = Path(os.environ.get("REALTIME_FILE", "/var/run/realtime/realtime.json"))
ACCOUNT = Path(os.environ.get("ACCOUNT_FOLDER", "/var/run/secrets/kubernetes.io/serviceaccount"))
HELD, SINCE = "realtime-operator.io/held-token-id", "realtime-operator.io/held-since"


def held_token_id() -> str:
    """Give the id of the token in the file: what may be shown of it."""
    token: str = json.loads(DOCUMENT.read_text())["token"]
    return hashlib.sha256(token.encode()).hexdigest()[:12]


def report(token_id: str, since: str) -> None:
    """Set both annotations on this pod, by its own name.

    Raises:
        OSError: the API server does not answer, or refuses.
    """
    trust = ssl.create_default_context(cafile=ACCOUNT / "ca.crt")
    server = http.client.HTTPSConnection(
        os.environ["KUBERNETES_SERVICE_HOST"],
        int(os.environ["KUBERNETES_SERVICE_PORT"]),
        timeout=10,
        context=trust,
    )
    path = f"/api/v1/namespaces/{os.environ['POD_NAMESPACE']}/pods/{os.environ['POD_NAME']}"
    body = json.dumps({"metadata": {"annotations": {HELD: token_id, SINCE: since}}})
    headers = {
        "Authorization": f"Bearer {(ACCOUNT / 'token').read_text()}",
        "Content-Type": "application/merge-patch+json",
    }
    with contextlib.closing(server):
        server.request("PATCH", path, body, headers)
        answer = server.getresponse()
        if answer.status != http.HTTPStatus.OK:
            raise OSError(f"the API server says {answer.status} {answer.reason}")


def main() -> int:
    """Report each token once, until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    reported = seen = since = ""
    while True:
        try:
            if (token_id := held_token_id()) != seen:
                seen, since = token_id, datetime.now(UTC).isoformat(timespec="milliseconds")
            if seen != reported:
                report(seen, since)
                reported = seen
        except FileNotFoundError:
            pass  # the Secret is being swapped
        except OSError as error:
            print(f"not reported: {error}", file=sys.stderr, flush=True)
            time.sleep(1)
        time.sleep(0.2)


if __name__ == "__main__":
    sys.exit(main())

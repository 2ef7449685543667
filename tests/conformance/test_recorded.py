"""What each server's own documentation shows: read by the reader, taken by the stand-in, and sent by the operator.

Each file below `recorded` names its source. `kind` is `whole` where request and answer stand there as they are, and `fields` where the
documentation names the fields and the values are ours.
"""

from __future__ import annotations

import json
from email.utils import formatdate
from pathlib import Path
from typing import Any

import httpx
import pytest

from conformance.asking import spec_of
from conformance.rows import ROWS, Row
from demo.provider.dialects import DIALECTS
from demo.provider.endpoint import member
from demo.provider.remote import RemoteProvider
from realtime_operator.core.errors import ProviderUnreadable
from realtime_operator.core.exchange import MintAnswer
from realtime_operator.core.mint_answer import clock_after, read_token
from realtime_operator.core.mint_request import mint_template, request_body
from realtime_operator.core.provider_clock import ProviderClock
from tests.support.provider import KEY

pytest_plugins = ["tests.support.provider_fixtures"]

RECORDED = {
    path.stem: json.loads(path.read_text())
    for path in sorted((Path(__file__).parent / "recorded").glob("*.json"))
}
SENT = {name: it for name, it in RECORDED.items() if it["request"] is not None}
LIFE_S = 60


def row_of(recorded: dict[str, Any]) -> Row:
    """The row of the recorded example's server."""
    found = (
        row for row in ROWS if (row.dialect, row.endpoint) == (recorded["dialect"], recorded["endpoint"])
    )
    return next(found)


def answer_of(recorded: dict[str, Any]) -> MintAnswer:
    """The recorded answer, given at a time at which its token had a minute to live."""
    date = recorded.get("date") or (recorded["expires_at"] or 1_742_188_200) - LIFE_S
    return MintAnswer(
        status=recorded["status"],
        headers={"date": formatdate(date, usegmt=True)},
        body=json.dumps(recorded["answer"]).encode(),
        sent_at=date,
        received_at=date + 0.5,
    )


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_answer_is_read(name: str) -> None:
    """Token and expiry are found where the documentation has them, and an example without a token is refused."""
    recorded, answer = RECORDED[name], answer_of(RECORDED[name])
    clock = clock_after(ProviderClock(), answer)
    if recorded["token"] is None:
        with pytest.raises(ProviderUnreadable):
            read_token(answer, clock=clock, asked=LIFE_S, longest=None)
        return
    token = read_token(answer, clock=clock, asked=recorded.get("asked"), longest=None)
    assert (token.value, token.expires_at) == (recorded["token"], recorded["expires_at"])


def without_anchor(body: dict[str, Any]) -> dict[str, Any]:
    """A body without the anchor, which has one value and is the default: we do not send it where it is optional."""
    wish = body.get("expires_after")
    if not isinstance(wish, dict):
        return body
    return {**body, "expires_after": {key: value for key, value in wish.items() if key != "anchor"}}


@pytest.mark.parametrize("name", SENT)
def test_the_operator_sends_what_the_documentation_shows(name: str) -> None:
    """The session object of the recipe makes the documented request, up to the anchor."""
    recorded = SENT[name]
    spec = spec_of(endpoint=recorded["endpoint"], session=recorded["session"], lifetime=recorded["lifetime"])
    sent = request_body(mint_template(spec), recorded["lifetime"], row_of(recorded).lifetime_field or None)
    assert json.loads(sent) == without_anchor(recorded["request"])


@pytest.mark.parametrize("name", SENT)
def test_the_stand_in_takes_the_documented_request(name: str, provider: RemoteProvider) -> None:
    """The stand-in is anchored in the documentation: it takes its request, with its status, and has the token in its place."""
    recorded = SENT[name]
    row = row_of(recorded)
    endpoint = next(
        it
        for dialect in DIALECTS
        if dialect.name == row.dialect
        for it in dialect.endpoints
        if it.name == row.endpoint
    )
    header = {"api-key": KEY} if row.scheme == "ApiKeyHeader" else {"Authorization": f"Bearer {KEY}"}
    url = provider.base_of(row.dialect) + (row.path or endpoint.path)

    answer = httpx.post(url, json=recorded["request"], headers=header, trust_env=False)

    assert answer.status_code == recorded["status"]
    places = [where for where in (endpoint.token_at, endpoint.expiry_at) if where]
    for place in places:
        given, shown = member(answer.json(), place), member(recorded["answer"], place)
        assert type(given) is type(shown), place


def test_every_dialect_is_anchored() -> None:
    """Each server that the stand-in speaks as has a recorded example with its source; the plain one has no documentation."""
    anchored = {recorded["dialect"] for recorded in RECORDED.values() if recorded["source"]}
    assert anchored == {dialect.name for dialect in DIALECTS} - {"compatible"}


def test_every_endpoint_of_the_api_is_anchored() -> None:
    """All four, by OpenAI's own examples."""
    anchored = {it["endpoint"] for it in RECORDED.values() if it["dialect"] == "openai"}
    assert anchored == {endpoint.name for endpoint in DIALECTS[0].endpoints}

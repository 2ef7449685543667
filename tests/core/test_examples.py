"""The examples of the endpoints, as requests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from realtime_operator.api.endpoint import Endpoint
from realtime_operator.api.session import RealtimeSessionSpec
from realtime_operator.core.mint_call import mint_call
from realtime_operator.core.mint_request import mint_template
from realtime_operator.core.secret_values import with_values
from tests.support.builders import a_view

if TYPE_CHECKING:
    import httpx

pytest_plugins = ["tests.support.provider_fixtures"]

FILES = sorted((Path(__file__).parents[2] / "examples" / "endpoints").glob("*.yaml"))
SPECS = {
    file.stem: RealtimeSessionSpec.model_validate(yaml.safe_load(file.read_text())["spec"]) for file in FILES
}


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS.keys())
def test_an_example_mints(client: httpx.Client, spec: RealtimeSessionSpec) -> None:
    """The stand-in, which takes the fields of each endpoint and no others, answers the request of each example with a token."""
    view = a_view(base_url=str(client.base_url).rstrip("/"))
    template = mint_template(spec)
    if spec.secret_values:
        template = with_values(template, {value.path: "from-a-secret" for value in spec.secret_values})
    call = mint_call(view, template, spec.lifetime_seconds)
    answer = client.post(call.url, content=call.body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200, answer.text


def test_there_is_an_example_of_every_endpoint_that_is_current() -> None:
    """And of the retired one that most people come from."""
    assert {spec.endpoint for spec in SPECS.values()} == {*Endpoint} - {Endpoint.TRANSCRIPTION_SESSIONS}

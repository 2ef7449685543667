"""Every dialect, every endpoint, every fault: the real adapter and reader against the stand-in over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from conformance.asking import Outcome, ask, spec_of
from conformance.faults import FAULTS, FIELD, Fault
from conformance.rows import ROWS, Row
from demo.provider.dialects import DIALECTS
from realtime_operator.adapters.realtime_api import RealtimeApi
from realtime_operator.adapters.system_clock import SystemClock
from realtime_operator.core.errors import ProviderError
from realtime_operator.core.provider_key import credential_header
from realtime_operator.core.provider_view import ProviderView
from tests.support.provider import KEY

if TYPE_CHECKING:
    from demo.provider.remote import RemoteProvider

pytest_plugins = ["tests.support.provider_fixtures"]

PATIENT_S, HASTY_S = 10.0, 0.3


@dataclass(frozen=True, slots=True)
class Apis:
    """The adapter with two deadlines."""

    patient: RealtimeApi
    hasty: RealtimeApi


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def apis() -> AsyncIterator[Apis]:
    """One adapter of each kind for all cells: what one leaves behind, the next one would meet."""
    clock = SystemClock()
    async with (
        RealtimeApi(clock, deadline=PATIENT_S) as patient,
        RealtimeApi(clock, deadline=HASTY_S) as hasty,
    ):
        yield Apis(patient, hasty)


def view_of(row: Row, fault: Fault, provider: RemoteProvider) -> ProviderView:
    """The provider that the row describes, at the stand-in's address."""
    path = fault.path or row.path
    return ProviderView(
        kind="RealtimeProvider",
        name=row.dialect,
        base_url=provider.base_of(row.dialect),
        credentials=credential_header(row.scheme, fault.key or KEY),
        paths={} if path is None else {row.endpoint: path},
        lifetime_fields={} if row.lifetime_field is None else {row.endpoint: row.lifetime_field},
    )


async def played(apis: Apis, row: Row, fault: Fault, provider: RemoteProvider) -> Outcome:
    """Tell the stand-in the fault, and ask it once."""
    provider.set(**fault.settings)
    if fault.action is not None:
        provider.fault(fault.action)
    spec = spec_of(endpoint=row.endpoint, session=row.session, lifetime=row.lifetime)
    return await ask(apis.hasty if fault.hasty else apis.patient, view_of(row, fault, provider), spec)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_every_fault_ends_as_it_must(
    row: Row, fault: Fault, apis: Apis, provider: RemoteProvider
) -> None:
    """A sound token of the life granted, or the one error of the fault, without the key in it."""
    outcome = await played(apis, row, fault, provider)

    assert outcome.word == fault.outcome_for(lifetime=row.lifetime), outcome.error
    if outcome.token is not None:
        granted = row.lifetime if fault.name == "no expiry" else row.granted
        assert granted is not None
        assert outcome.token.lifetime == pytest.approx(granted, abs=1.5)
    if isinstance(outcome.error, ProviderError):
        shown = f"{outcome.error} {outcome.error!r} {vars(outcome.error)}"
        assert (fault.key or KEY) not in shown
        assert outcome.error.retry_after == fault.retry_after


@pytest.mark.asyncio(loop_scope="module")
async def test_a_refused_field_is_named_where_its_author_wrote_it(
    apis: Apis, provider: RemoteProvider
) -> None:
    """Where the server names the field, the message names the path in the object."""
    fault = next(fault for fault in FAULTS if fault.name == "field")
    outcome = await played(apis, ROWS[0], fault, provider)
    assert f"spec.{FIELD} is refused as written" in str(outcome.error)


def test_the_rows_are_all_that_the_stand_in_speaks(provider: RemoteProvider) -> None:
    """No dialect of the stand-in is left unasked."""
    spoken = {(it.name, endpoint.name) for it in DIALECTS for endpoint in it.endpoints}
    assert {(row.dialect, str(row.endpoint)) for row in ROWS} == spoken
    assert provider.base_of("openai") == provider.url

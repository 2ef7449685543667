"""Fixtures around one stand-in provider per test run; a module asks for them with `pytest_plugins`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from demo.provider.settings import Settings
from tests.support.provider import KEY, RECORDED, running_provider

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.provider.remote import RemoteProvider


@pytest.fixture(scope="session")
def served_provider() -> Iterator[RemoteProvider]:
    """A stand-in that serves the whole run."""
    with running_provider() as remote:
        yield remote


@pytest.fixture
def provider(served_provider: RemoteProvider) -> RemoteProvider:
    """The stand-in with its first settings, without faults; ledger and requests go on counting."""
    served_provider.set(**Settings(record_requests=RECORDED).model_dump(mode="json"))
    served_provider.accept_keys(KEY)
    served_provider.clear_faults()
    return served_provider


@pytest.fixture
def client(provider: RemoteProvider) -> Iterator[httpx.Client]:
    """An HTTP client with the right key and the stand-in's base URL, without retries."""
    headers = {"Authorization": f"Bearer {KEY}"}
    with httpx.Client(base_url=provider.url, headers=headers, trust_env=False, timeout=10) as it:
        yield it

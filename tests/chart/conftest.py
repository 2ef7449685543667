"""What the tests of the chart share: Helm, and a namespace by the name that objects are rendered for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.fixtures import Command

MONITORS = Path(__file__).with_name("data") / "servicemonitors.yaml"


@pytest.fixture(scope="session")
def monitors(kubectl: Command) -> Iterator[None]:
    """The kind ServiceMonitor, served."""
    kubectl("apply", "-f", MONITORS)
    kubectl("wait", "--for=condition=Established", "-f", MONITORS, "--timeout=30s")
    yield
    kubectl("delete", "-f", MONITORS)

from __future__ import annotations

import pytest

from tests.connectors.bol.market import Market


@pytest.fixture
def market() -> Market:
    return Market()

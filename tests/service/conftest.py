"""A home with small trained champions, and a server on it, once for all tests that need them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.forecasters.settings import NetworkConfig, TrainingConfig
from models.fund_sharpe import FundSharpeConfig
from pipelines import registry
from pipelines.datasets.sources import embedded_panel
from pipelines.fund_sharpe.training import train_fund_sharpe
from tests.service import density_models
from tests.service.running import Server, served


@pytest.fixture(scope="session")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """HALYARD_HOME with champions that were trained in a few seconds each."""
    folder = tmp_path_factory.mktemp("trained")
    config = FundSharpeConfig(
        horizons=(6, 12),
        members=1,
        network=NetworkConfig(hidden_size=8),
        training=TrainingConfig(epochs=1, batch_size=512),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HALYARD_HOME", str(folder))
        registry.promote(train_fund_sharpe(embedded_panel(), config))
        registry.promote(density_models.store())
    return folder


@pytest.fixture(scope="session")
def server(trained_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`halyard serve` on that home."""
    with served(trained_home, tmp_path_factory.mktemp("log") / "server.log") as running:
        yield running

"""The fits of a comparison of fund-Sharpe models: which there are, made once, and as sides."""

from __future__ import annotations

from dataclasses import asdict
from functools import cached_property

from models.contract import State
from models.errors import ModelError
from models.fund_sharpe import (
    FundSharpeConfig,
    FundSharpeForecaster,
    FundSharpeModel,
    from_state,
    to_state,
)
from models.transforms.fund_reference import Lead
from pipelines.datasets.panel import ReturnsPanel
from pipelines.retraining.deadline import Deadline
from pipelines.retraining.domain import CHALLENGER, CHAMPION, UnfitError
from pipelines.retraining.fits import fit_key, fit_once
from pipelines.retraining.folder import RunFolder
from pipelines.retraining.fund_compare import REFERENCE, place_of, without_networks
from pipelines.retraining.fund_cuts import Block, make_blocks
from pipelines.retraining.settings import FundComparison


class FundFits:
    """Fits of one challenger, and of the champion's stand-ins, on one panel.

    stored   the champion as it is served; None without one
    """

    def __init__(
        self,
        panel: ReturnsPanel,
        config: FundSharpeConfig,
        stored: FundSharpeForecaster | None,
        how: FundComparison,
        folder: RunFolder,
        deadline: Deadline,
    ) -> None:
        self.panel, self.config = panel, config
        self._stored, self._how = stored, how
        self._folder, self._deadline = folder, deadline

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """Blocks of origins. Raises DataError when there are too few."""
        trained = None if self._stored is None else place_of(self._stored.trained_until, self.panel)
        return make_blocks(self.panel, self.config, self._champion_config, trained, self._how)

    @property
    def leads(self) -> tuple[Lead, ...]:
        """Leads that both have, in the challenger's order."""
        theirs = set(self._champion_config.leads)
        return tuple(lead for lead in self.config.leads if lead in theirs)

    @property
    def keys(self) -> list[str]:
        """Of the challenger's fits."""
        return [self._key(self.config, block.cut) for block in self.blocks]

    def challenger(self, cut: int) -> FundSharpeForecaster:
        """The challenger as of the end of period `cut`. Raises OutOfTimeError and UnfitError."""
        try:
            return self._fit(self.config, cut)
        except ModelError as error:
            raise UnfitError(str(error)) from error

    def final(self) -> FundSharpeForecaster:
        """The challenger that knows all."""
        return self.challenger(len(self.panel.periods) - 1)

    def sides(self, block: Block) -> dict[str, FundSharpeForecaster]:
        """Who forecasts the origins of a block."""
        challenger = self.challenger(block.cut)
        found = {CHALLENGER: challenger, REFERENCE: without_networks(challenger)}
        if self._stored is not None:
            found[CHAMPION] = (
                self._stored
                if block.stand_in is None
                else self._fit(self._champion_config, block.stand_in)
            )
        return found

    def notes(self) -> tuple[str, ...]:
        """How the comparison is made, for the reader."""
        periods, blocks = self.panel.periods, self.blocks
        first, last = blocks[0].origins[0], blocks[-1].origins[-1]
        said = [
            f"{sum(len(b.origins) for b in blocks)} origins from {periods[first]} to "
            f"{periods[last]}, every {self._how.step} periods; the challenger was fitted "
            f"{len(blocks)} times, at the first of every {self._how.refit_every} origins, on what "
            "was known by then, and forecast from it as it would have been served."
        ]
        stored = sum(block.stand_in is None for block in blocks)
        if self._stored is None:
            return (*said, "There is no champion to compare with.")
        if stored:
            said.append(
                f"The champion's stored weights took part in the {stored} newest blocks, which "
                f"begin after its training ended ({self._stored.trained_until})."
            )
        if stored < len(blocks):
            age = len(periods) - 1 - place_of(self._stored.trained_until, self.panel)
            said.append(
                f"In {len(blocks) - stored} blocks the stored champion has seen outcomes, so a "
                f"model of its settings stood in for it, fitted on data that end {age} periods "
                "before the challenger's: as stale as the champion is today."
            )
        return tuple(said)

    @property
    def _champion_config(self) -> FundSharpeConfig:
        return self.config if self._stored is None else self._stored.model.config

    def _fit(self, config: FundSharpeConfig, cut: int) -> FundSharpeForecaster:
        def make() -> State:
            # Nothing after the cut is in the arrays that the fit is given.
            known = self.panel.until(cut + 1)
            model = FundSharpeModel(config)
            features = model.features(known.excess, known.risk_free)
            return to_state(FundSharpeForecaster(model.fit(features, cut), known.periods[-1]))

        state, _ = fit_once(self._folder, self._key(config, cut), self._deadline, make)
        return from_state(state)

    def _key(self, config: FundSharpeConfig, cut: int) -> str:
        return fit_key(asdict(config), self.panel.periods[cut])

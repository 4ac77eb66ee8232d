"""Judge a table of forecasts: scores, tests and plot data in one object.

Two scopes. "all" is every series, for the models that ran on all of them. "sample" is
the stated random sample of series, on which slow models ran too. A model that is in
both is tested on all series; on the sample only against the slow ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import polars as pl

from models.errors import ConfigError
from pipelines.evaluation.lead_losses import lead_losses
from pipelines.evaluation.model_sets import confidence_set_rows, superiority_rows
from pipelines.evaluation.pairwise_tests import comparison_rows, pairs
from pipelines.evaluation.schema import check_table
from pipelines.evaluation.scores import GroupScores, score_groups

ALL, SAMPLE = "all", "sample"

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Roles:
    """Who is who among the models of a table.

    reference  the models to be judged, the ensemble first, then its members
    baselines  the models to beat; a model may be neither
    """

    reference: tuple[str, ...]
    baselines: tuple[str, ...]

    @property
    def ensemble(self) -> str:
        return self.reference[0]


@dataclass(frozen=True)
class Evaluation:
    """Everything that is said about a table of forecasts.

    scores, sample_scores   per model, target and horizon, values by date included
    tests, mcs, superiority JSON-able rows, each with its `scope`
    """

    roles: Roles
    scores: list[GroupScores]
    sample_scores: list[GroupScores]
    tests: Rows
    mcs: Rows
    superiority: Rows

    @property
    def rows(self) -> Rows:
        return [found.row for found in self.scores]

    @property
    def sample_rows(self) -> Rows:
        return [found.row for found in self.sample_scores]

    @property
    def models(self) -> list[str]:
        """Every model, those of all series first."""
        return list(dict.fromkeys(s.model for s in [*self.scores, *self.sample_scores]))

    @property
    def slow_models(self) -> list[str]:
        """Models that ran on the sample only."""
        wide = {found.model for found in self.scores}
        return [model for model in self.models if model not in wide]


def evaluate(table: pl.DataFrame, roles: Roles, seed: int) -> Evaluation:
    """Score the table and test its models; the same seed gives the same numbers.

    Raises DataError when the table is not one of forecasts, ConfigError when the first
    reference model is not in it.
    """
    table = check_table(table)
    models = table["model"].unique(maintain_order=True).to_list()
    if not roles.reference or roles.ensemble not in models:
        raise ConfigError(
            f"reference models: expected the first of {list(roles.reference)} among the models "
            f"of the table, which are {models}; name one of them"
        )
    scores, sample_scores = score_groups(table, sample=False), score_groups(table, sample=True)
    everywhere = {found.model for found in scores}
    slow = [model for model in models if model not in everywhere]
    tests = _tests(scores, roles, seed, models, ALL)
    if slow:
        more = _tests(sample_scores, roles, seed, slow, SAMPLE)
        tests = _Tests(*(a + b for a, b in zip(tests, more, strict=True)))
    return Evaluation(roles, scores, sample_scores, *tests)


class _Tests(NamedTuple):
    pairwise: Rows
    mcs: Rows
    superiority: Rows


def _tests(
    scores: Sequence[GroupScores], roles: Roles, seed: int, rivals: Sequence[str], scope: str
) -> _Tests:
    """Run the tests of one scope; pairs have only `rivals` as model_b."""
    found = _Tests([], [], [])
    for lead in lead_losses(scores):
        compared = pairs(lead.models, roles.reference, roles.baselines)
        compared = [pair for pair in compared if pair[1] in rivals]
        found.pairwise.extend(comparison_rows(lead, compared, seed))
        found.mcs.extend(confidence_set_rows(lead, seed))
        found.superiority.extend(superiority_rows(lead, roles.reference, roles.baselines, seed))
    return _Tests(*([{"scope": scope} | row for row in rows] for rows in found))

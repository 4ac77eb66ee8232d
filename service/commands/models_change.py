"""`halyard models promote`, `challenge`, `rollback`: who is served, and who may be next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import ConfigError
from service.commands.models_options import Evidence, Json, Which, Why, find, tell_aliases

if TYPE_CHECKING:
    from pipelines.registry import StoredModel

Name = Annotated[str, typer.Argument(metavar="NAME", help="fund-sharpe or thermosphere-density.")]


def promote(which: Which, why: Why = "", evidence: Evidence = None, as_json: Json = False) -> None:
    """Serve this version from now on; the champion until now becomes the previous one.

    Its files are checked first. The change is one atomic step, and is kept in the audit log
    with user, host, time, reason and evidence.

    \b
    Example:
      halyard models promote fund-sharpe@challenger --why "better by 3 %" --evidence report.html
    """
    from pipelines import registry

    model = find(which)
    refuse_frequency(model)
    before = registry.champion_version(model.name)
    registry.promote(model, why=why, evidence=evidence)
    said = f"Champion of {model.name} is {model.version} (it was {before or 'none'})."
    tell_aliases(model.name, said, as_json)


def challenge(
    which: Which, why: Why = "", evidence: Evidence = None, as_json: Json = False
) -> None:
    """Make this version the challenger: the one that may replace the champion.

    \b
    Example:
      halyard models challenge fund-sharpe@latest --why "trained on data to 2026-10"
    """
    from pipelines import registry

    model = find(which)
    refuse_frequency(model)
    registry.challenge(model, why=why, evidence=evidence)
    tell_aliases(model.name, f"Challenger of {model.name} is {model.version}.", as_json)


def rollback(name: Name, why: Why = "", as_json: Json = False) -> None:
    """Serve the previous champion again; the present one becomes the previous.

    Its files are checked first. The same command once more undoes it.

    \b
    Example:
      halyard models rollback fund-sharpe --why "coverage fell to 60 % this month"
    """
    from pipelines import registry

    before = registry.champion_version(name)
    restored = registry.rollback(name, why=why)
    said = f"Champion of {name} is {restored.version} again (it was {before or 'none'})."
    tell_aliases(name, said, as_json)


def refuse_frequency(model: StoredModel) -> None:
    """Raise ConfigError for a fund model that the service cannot answer with."""
    from pipelines.registry import FUND_SHARPE
    from service.commands.train import SERVED_PERIODS_PER_YEAR

    if model.name != FUND_SHARPE:
        return
    periods = int(model.metadata["config"].get("periods_per_year", SERVED_PERIODS_PER_YEAR))
    if periods != SERVED_PERIODS_PER_YEAR:
        raise ConfigError(
            f"{model.tag}: trained on {periods} periods a year, and the service answers for "
            "monthly returns; promote a monthly model"
        )

"""Drift reports: has what comes in, what goes out, or what came true left its usual range?

Choose `fund_drift` for a panel of returns, `density_drift` for densities that satellites
measured, `driver_drift` for space weather, `forecast_drift` for tables of forecasts,
`outcome_drift` for what became of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from models.contract import FloatArray
from models.emulators.drivers import Drivers
from models.errors import ConfigError, DataError
from pipelines.datasets.panel import ReturnsPanel
from pipelines.monitoring.changes import change_point
from pipelines.monitoring.channels import Channel, channel_findings
from pipelines.monitoring.driver_channels import (
    beyond_training,
    driver_channels,
    driver_labels,
)
from pipelines.monitoring.fund_channels import fund_channels
from pipelines.monitoring.nominal import nominal_findings
from pipelines.monitoring.outcome_channels import forecast_channels, months_of, outcome_channels
from pipelines.monitoring.report import DriftFinding, DriftReport, Trace, judged
from pipelines.monitoring.satellite_channels import DatedErrors, satellite_channels
from pipelines.monitoring.settings import DriftSettings


def fund_drift(
    panel: ReturnsPanel, recent_periods: int = 12, settings: DriftSettings | None = None
) -> DriftReport:
    """Hold the newest `recent_periods` of a panel against all before them.

    Raises ConfigError when the panel has too few periods, DataError for too few funds.
    """
    settings = settings or DriftSettings()
    least = (settings.min_blocks + 1) * recent_periods
    if recent_periods < 2 or len(panel.periods) < least:
        raise ConfigError(
            f"drift: {recent_periods} recent periods need a panel of at least {least} periods "
            f"(and 2 recent ones), got {len(panel.periods)}; give fewer recent periods or more data"
        )
    return _report(
        "fund-sharpe inputs",
        [(recent_periods, channel) for channel in fund_channels(panel, recent_periods)],
        panel.periods,
        recent_periods,
        settings,
    )


def density_drift(
    dated: DatedErrors, recent_months: int = 12, settings: DriftSettings | None = None
) -> DriftReport:
    """Hold the newest months of satellites' densities against all before; their later half too,
    because a sensor may have changed in the middle of them.

    A sensor shows against the other satellites, the atmosphere or the model in all of them.
    Raises DataError when there is too little before those months.
    """
    settings = settings or DriftSettings(min_blocks=4)
    spans = sorted({recent_months, max(recent_months // 2, 1)}, reverse=True)
    tested = [(span, channel) for span in spans for channel in satellite_channels(dated, span)]
    return _report("satellite densities", tested, dated.labels, recent_months, settings)


def driver_drift(
    drivers: Drivers,
    recent_months: int = 12,
    limits: FloatArray | None = None,
    settings: DriftSettings | None = None,
) -> DriftReport:
    """Hold the newest months of space weather against all before, and against a training.

    limits  driver × (lowest, highest) of an emulator's training; None for none
    """
    settings = settings or DriftSettings()
    tested = [(recent_months, channel) for channel in driver_channels(drivers, recent_months)]
    report = _report("space weather", tested, driver_labels(drivers), recent_months, settings)
    if limits is None:
        return report
    any_driver, each = beyond_training(drivers, limits, recent_months)
    return replace(report, findings=(any_driver, *each, *report.findings))


def outcome_drift(
    outcomes: pl.DataFrame,
    recent_months: int = 12,
    settings: DriftSettings | None = None,
    lags: int = 0,
    kind: str = "outcomes",
) -> DriftReport:
    """Hold errors and coverage of the newest months against those before, and all months
    against what was promised (see outcome_store, nominal).

    lags   later months that a month's outcomes hang together with, for the latter
    kind   what the report calls them
    """
    settings = settings or DriftSettings()
    tested = [(recent_months, channel) for channel in outcome_channels(outcomes, recent_months)]
    promised = nominal_findings(outcomes, lags)
    labels = months_of(outcomes, "period")
    if len(labels) <= recent_months:
        return _only_promised(kind, promised, labels, settings)
    return _report(kind, tested, labels, recent_months, settings, promised)


def _only_promised(
    kind: str, promised: Sequence[DriftFinding], labels: Sequence[str], settings: DriftSettings
) -> DriftReport:
    """Where there is nothing before the newest months, what was promised can still be tested."""
    span = labels[0], labels[-1]
    notes = (
        f"{len(labels)} months of outcomes: too few to say whether they have changed.",
        *_untested(promised),
    )
    findings = judged(promised, settings.alpha)
    return DriftReport(kind, span, span, settings.alpha, findings, notes)


def _untested(findings: Sequence[DriftFinding]) -> list[str]:
    return [f"{one.name}: {one.note}." for one in findings if one.p_value is None]


def forecast_drift(
    forecasts: pl.DataFrame, recent_months: int = 12, settings: DriftSettings | None = None
) -> DriftReport:
    """Hold level, spread and width of the newest months' forecasts against those before."""
    settings = settings or DriftSettings()
    tested = [(recent_months, channel) for channel in forecast_channels(forecasts, recent_months)]
    return _report("forecasts", tested, months_of(forecasts, "origin"), recent_months, settings)


def _report(
    kind: str,
    tested: Sequence[tuple[int, Channel]],
    labels: Sequence[str],
    recent: int,
    settings: DriftSettings,
    others: Sequence[DriftFinding] = (),
) -> DriftReport:
    """tested  channels, and how many newest periods of each are judged
    others  findings of tests without a reference, adjusted together with those
    """
    split = len(labels) - recent
    if split < 1:
        raise DataError(
            f"drift: {len(labels)} periods, expected more than the {recent} recent ones; give more "
            "data or fewer recent periods"
        )
    raw = [(c, f) for span, c in tested for f in channel_findings(c, span, settings)]
    adjusted = judged([*(finding for _, finding in raw), *others], settings.alpha)
    findings = [
        _dated(finding, channel, labels, split)
        for (channel, _), finding in zip(raw, adjusted, strict=False)
    ]
    spans = (labels[0], labels[split - 1]), (labels[split], labels[-1])
    traces = [Trace(c.name, c.where, c.unit, c.stretch) for span, c in tested if span == recent]
    return DriftReport(
        kind,
        *spans,
        settings.alpha,
        (*findings, *adjusted[len(raw) :]),
        notes=tuple(_untested(others)),
        labels=tuple(labels),
        traces=tuple(traces),
    )


def _dated(
    finding: DriftFinding, channel: Channel, labels: Sequence[str], split: int
) -> DriftFinding:
    """With the time when a sure change began, where it lies in the recent span."""
    if not finding.flagged or channel.points is None:
        return finding
    place = change_point(channel.points)
    return finding if place is None or place < split else replace(finding, since=labels[place])

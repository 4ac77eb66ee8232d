"""The table of a contest as Markdown, and where it stands in the documentation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from models.errors import DataError
from pipelines.atomic import write_text
from pipelines.studies.methods.contest import Fairness
from pipelines.studies.methods.standings import Standing

UNITS = {
    "squared_error": "squared error, structural reference = 1",
    "mape": "mean absolute percentage error of density",
    "nlpd": "negative log density of a component",
}


def contest_table(
    job: str, loss: str, fair: Fairness, found: Sequence[Standing], command: str
) -> str:
    """Rows from the best to the worst by `loss`, other losses beside it, and how to read them."""
    rivals = list(found[0].against)
    told = [name for name in found[0].record.judged.losses if name != loss]
    head = ["", "parameters", "hidden", UNITS.get(loss, loss)]
    head += [f"minus {rival} (adjusted p)" for rival in rivals]
    head += ["among the best", *(UNITS.get(name, name) for name in told)]
    head += ["training step, times that of lstm"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    lines += [f"| {' | '.join(_cells(one, rivals, told))} |" for one in found]
    dates = found[0].record.judged.dates
    about = (
        f"{len(dates)} dates, {dates[0]} to {dates[-1]}; about {fair.budget:,} parameters in "
        f"each backbone, {fair.trials} settings tried for each (the same ones), {fair.seeds} "
        f"networks averaged, seed {fair.seed}. Differences are tested by date (fixed-smoothing "
        "test, p-values adjusted for their number); among the best is the 90 % model "
        f"confidence set. Made by `{command}`."
    )
    return "\n".join([f"### {job}", "", *lines, "", about])


def put_into(page: Path, job: str, table: str) -> None:
    """Write the table between the page's marks for this job, and nothing else.

    Raises DataError when the page has no such marks.
    """
    begin, end = f"<!-- {job} -->", f"<!-- end of {job} -->"
    text = page.read_text("utf-8") if page.is_file() else ""
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if not pattern.search(text):
        raise DataError(f"{page}: expected the marks {begin} and {end}, where the table goes")
    write_text(page, pattern.sub(lambda _: f"{begin}\n{table}\n{end}", text))


def _cells(one: Standing, rivals: Sequence[str], told: Sequence[str]) -> list[str]:
    record = one.record
    size = [f"{record.parameters:,}", str(record.hidden_size)] if record.parameters else ["", ""]
    tests = [_difference(*one.against[rival]) for rival in rivals]
    step = f"{record.step_ratio:.1f}" if record.step_ratio else ""
    best = "yes" if one.among_best else ""
    others = [f"{record.judged.losses[name].mean():.4g}" for name in told]
    return [record.method, *size, f"{one.loss:.4f}", *tests, best, *others, step]


def _difference(mean: float, p_value: float | None) -> str:
    if p_value is None:
        return "" if mean == 0.0 else f"{mean:+.4f}"
    return f"{mean:+.4f} ({p_value:.2g})"

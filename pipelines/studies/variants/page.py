"""The study as Markdown, beside its pictures."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.studies.variants.analysis import Shares, TaskResult, VariantResult, together
from pipelines.studies.variants.figures import label_of

_HEAD = (
    "# What in an LSTM matters, on our own tasks",
    "",
    "The design of Greff et al. 2017 (the search space odyssey): random search in four parameters "
    "for each variant of the LSTM, functional ANOVA of the validation loss, and Welch's test of "
    "the best tenth of the trials against the vanilla cell (V) at 5 %.",
    "",
    "Trial *n* has the same settings for every variant of a task. Every trial is a line in "
    "`trials/`; a larger `--trials` goes on from there. Few trials tell little: three best ones "
    "of a variant make a weak test, and of eight tests at 5 % one is passed by chance in every "
    "third study.",
    "",
)


def study_page(results: Sequence[TaskResult]) -> str:
    """All tasks, one after another."""
    lines = list(_HEAD)
    for result in results:
        lines += _task(result)
    return "\n".join(lines).rstrip() + "\n"


def _task(result: TaskResult) -> list[str]:
    most = max(one.trials for one in result.variants)
    settings = "".join(f" --{name} {value}" for name, value in result.made.items())
    return [
        f"## {result.task}",
        "",
        f"`halyard study variants --task {result.task} --trials {most}{settings}`",
        "",
        f"Share of the variance of the validation loss, over {result.points} settings:",
        "",
        *_shares(result),
        "",
        f"![along each parameter]({result.task}-marginals.png)",
        "",
        f"![variants]({result.task}-variants.png)",
        "",
        "| variant | trials | test loss of the best tenth, mean | best | against V |",
        "|---|---|---|---|---|",
        *[_row(one) for one in result.variants],
        "",
        f"Loss: {result.unit}.",
        "",
    ]


def _shares(result: TaskResult) -> list[str]:
    columns: dict[str, Shares] = {"of the loss": result.shares, "of its log": result.logarithm}
    if result.plain is not None:
        columns["rate not times (1 - momentum)"] = result.plain
    rows = [
        [name, *(_percent(shares[name]) for shares in columns.values())] for name in result.shares
    ]
    rows.append(["several together", *(_percent(together(x)) for x in columns.values())])
    head = ["parameter alone", *columns]
    return [_line(head), _line(["---"] * len(head)), *map(_line, rows)]


def _row(one: VariantResult) -> str:
    verdict = ""
    if one.p_value is not None:
        word = "differs" if one.differs else "no difference"
        verdict = f"{word} (p {one.p_value:.2g})"
    cells = (label_of(one.variant), str(one.trials), f"{one.mean:.4g}", f"{one.best:.4g}", verdict)
    return _line(cells)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"

"""The study as Markdown, beside its pictures."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.studies.variants.analysis import LEVEL, VANILLA, TaskResult, VariantResult


def study_page(results: Sequence[TaskResult], command: str) -> str:
    """All tasks, one after another."""
    lines = [
        "# What in an LSTM matters, on our own tasks",
        "",
        "The design of Greff et al. 2017 (the search space odyssey): random search in four "
        "parameters for each variant of the LSTM, functional ANOVA of the loss, and Welch's test "
        "of the best tenth of the trials against the vanilla cell.",
        "",
        f"Made by `{command}`; every trial is a line in `trials/`, and a larger number of trials "
        "goes on from there.",
        "",
    ]
    for result in results:
        lines += _task(result)
    return "\n".join(lines).rstrip() + "\n"


def _task(result: TaskResult) -> list[str]:
    shares = ", ".join(f"{n} {100 * x:.1f} %" for n, x in result.importances.items())
    left = 100 * (1.0 - sum(result.importances.values()))
    trials = sum(one.trials for one in result.variants)
    return [
        f"## {result.task}",
        "",
        f"{trials} trials. Of the variance of the log of the validation loss: {shares}; "
        f"{left:.1f} % by several together.",
        "",
        f"![along each parameter]({result.task}-marginals.png)",
        "",
        f"![variants]({result.task}-variants.png)",
        "",
        "| variant | trials | test loss of the best tenth, mean | best | against vanilla |",
        "|---|---|---|---|---|",
        *[_row(one) for one in result.variants],
        "",
        f"Loss: {result.unit}.",
        "",
    ]


def _row(one: VariantResult) -> str:
    name = "vanilla" if one.variant == VANILLA else one.variant.removeprefix(f"{VANILLA}_").upper()
    verdict = ""
    if one.p_value is not None:
        word = "differs" if one.p_value < LEVEL else "no difference"
        verdict = f"{word} (p {one.p_value:.2g})"
    return f"| {name} | {one.trials} | {one.mean:.4g} | {one.best:.4g} | {verdict} |"

"""What a reader of a forecast should know of it, in the same words for every way out."""

from __future__ import annotations

from pipelines.months import month_index, month_label

#: Months below which a forecast rests on other funds more than on its own.
SHORT_HISTORY = 60


def short_history(months: int, minimum: int) -> list[str]:
    """Of a fund with few returns."""
    if months >= max(SHORT_HISTORY, minimum):
        return []
    return [f"short history: {months} months; the forecast leans on other funds"]


def in_sample(last_month: str, trained_until: str) -> list[str]:
    """Of a forecast made at a month that the model has seen."""
    if month_index(last_month) >= month_index(trained_until):
        return []
    return [
        f"the data end in {last_month}, but the model was trained on data to {trained_until}: "
        "this forecast is not out of sample"
    ]


def gaps(missing: int, months: int) -> list[str]:
    """Of a fund with months without a return between others."""
    return [f"{missing} of {months} months have no return"] if missing else []


def ended_early(last_month: str, newest_month: str) -> list[str]:
    """Of a fund whose returns stop before those of its file."""
    behind = month_index(newest_month) - month_index(last_month)
    if not behind:
        return []
    return [
        f"returns end in {last_month}, {behind} month{'s' if behind > 1 else ''} before the "
        f"file does ({month_label(month_index(newest_month))}): the fund may have closed"
    ]

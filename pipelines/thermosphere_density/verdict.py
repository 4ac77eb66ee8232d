"""Does the emulator reach what was asked of it? Sentences that are computed from the numbers.

Nothing is written in advance in its favour: an aim that is missed is named with its figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.thermosphere_density.contestants import EMULATOR
from pipelines.thermosphere_density.results_rows import ALL, Row, scores_of
from pipelines.thermosphere_density.scoring import CLASSES
from pipelines.thermosphere_density.verdict_tests import sure, sure_of_rival

STRONG = CLASSES[-1]
MEMORYLESS = "memoryless"
PLAIN_DRIVERS = f"{EMULATOR}_f107_kp"

#: Aims in per cent, set for NRLMSIS 2.1, trained on 1997-2008 without 2003, judged on 2003.
SMALL_MAPE, FREE_MAPE, STRONG_MAPE, PLAIN_MAPE, CALIBRATION = 2.2, 1.5, 4.0, 4.0, 2.0
#: Components that SMALL_MAPE was set for.
SMALL_RANK = 10
#: Days 3 to 5 may be so much worse than day 1.
GROWTH = 1.1
_LABELS = {"mape": "MAPE", "nlpd": "NLPD", "crps": "CRPS"}


@dataclass(frozen=True)
class Goal:
    """One aim: what was measured, and the most that it may be.

    text   what it is about
    unit   of value and limit in the text
    digits after the point
    below  the value must lie below the limit, not at it
    """

    key: str
    text: str
    value: float
    limit: float
    unit: str = " %"
    digits: int = 2
    below: bool = False

    @property
    def met(self) -> bool:
        return self.value < self.limit or (self.value == self.limit and not self.below)

    @property
    def sentence(self) -> str:
        value, limit = (_number(v, self.digits) for v in (self.value, self.limit))
        return (
            f"{self.text}: {value}{self.unit}, {'below' if self.below else 'at most'} "
            f"{limit}{self.unit} wanted, {'met' if self.met else 'missed'}."
        )


@dataclass(frozen=True)
class DensityVerdict:
    """The answer in words: a headline, what it rests on, and the aims one by one."""

    headline: str
    sentences: tuple[str, ...]
    goals: tuple[Goal, ...]

    @property
    def text(self) -> str:
        """All of it as one paragraph."""
        return " ".join((self.headline, *self.sentences))


def judge(rows: Sequence[Row], tests: Sequence[Row], leads: Sequence[Row] = ()) -> DensityVerdict:
    """Put the rows of scores, tests and errors by lead on the same days into words."""
    goals = all_goals(rows, leads)
    rivals = list(dict.fromkeys(r["model"] for r in rows if not r["model"].startswith(EMULATOR)))
    sentences = [goal.sentence for goal in goals]
    sentences += [_against(rows, tests, loss, segment, rivals) for segment, loss in _COMPARED]
    return DensityVerdict(_headline(rows, goals), tuple(s for s in sentences if s), tuple(goals))


_COMPARED = ((ALL, "mape"), (STRONG, "mape"), (ALL, "nlpd"), (ALL, "crps"))


def all_goals(rows: Sequence[Row], leads: Sequence[Row] = ()) -> list[Goal]:
    """Every aim whose models took part and whose hours were there."""
    small = f"{EMULATOR}_r{SMALL_RANK}"
    over = "MAPE over all cells and windows"
    found = [
        _most("mape_small", rows, small, ALL, "mape", SMALL_MAPE, over),
        _most("mape_free", rows, EMULATOR, ALL, "mape", FREE_MAPE, over),
        _most("mape_strong", rows, EMULATOR, STRONG, "mape", STRONG_MAPE, "MAPE in strong storms"),
        _growth(rows),
        _same_day_growth(leads),
        _most(
            *("calibration", rows, EMULATOR, ALL, "calibration_error_score"),
            *(CALIBRATION, "calibration error score"),
        ),
        _most("mape_f107_kp", rows, PLAIN_DRIVERS, ALL, "mape", PLAIN_MAPE, over),
        _better(rows, STRONG, "mape"),
        _better(rows, ALL, "nlpd"),
        _better(rows, ALL, "crps"),
    ]
    return [goal for goal in found if goal is not None]


def _most(
    key: str, rows: Sequence[Row], model: str, segment: str, score: str, limit: float, text: str
) -> Goal | None:
    row = scores_of(rows, model, segment)
    if row is None:
        return None
    return Goal(key, f"{model} ({row['r']} components), {text}", row[score], limit)


def _growth(rows: Sequence[Row]) -> Goal | None:
    """MAPE of days 3 to 5 over that of day 1."""
    found = [scores_of(rows, EMULATOR, f"day{number}") for number in (1, 3, 4, 5)]
    errors = [day["mape"] for day in found if day is not None]
    return _grown("growth", errors, "MAPE of days 3 to 5 of windows over that of day 1")


def _same_day_growth(leads: Sequence[Row]) -> Goal | None:
    """The same with every day forecast from each start, so that storms fall on all leads."""
    by_lead = {row["lead"]: row["mape"] for row in leads if row["model"] == EMULATOR}
    errors = [by_lead[lead] for lead in (1, 3, 4, 5) if lead in by_lead]
    text = "MAPE at a lead of 3 to 5 days over that of the same days at 1 day"
    return _grown("growth_same_days", errors, text)


def _grown(key: str, errors: Sequence[float], text: str) -> Goal | None:
    """Mean of the later errors over the first; None when one of the four is missing."""
    if len(errors) < 4 or not errors[0]:
        return None
    value = sum(errors[1:]) / len(errors[1:]) / errors[0]
    return Goal(key, f"{EMULATOR}, {text}", value, GROWTH, unit="")


def _better(rows: Sequence[Row], segment: str, score: str) -> Goal | None:
    """The emulator against the network without memory."""
    own, other = scores_of(rows, EMULATOR, segment), scores_of(rows, MEMORYLESS, segment)
    if own is None or other is None:
        return None
    where = "in strong storms" if segment == STRONG else "over all hours"
    text = f"{EMULATOR} against {MEMORYLESS}, {_LABELS[score]} {where}"
    digits = _DIGITS[score]
    unit = " %" if score == "mape" else ""
    return Goal(f"memoryless_{score}", text, own[score], other[score], unit, digits, True)


_DIGITS = {"mape": 2, "nlpd": 3, "crps": 5}


def _headline(rows: Sequence[Row], goals: Sequence[Goal]) -> str:
    own = scores_of(rows, EMULATOR)
    if own is None:
        return "The emulator took no part in this run."
    met = sum(goal.met for goal in goals)
    strong = scores_of(rows, EMULATOR, STRONG)
    storm = f", {strong['mape']:.2f} % in strong storms" if strong else ""
    aims = f"all {len(goals)} aims" if met == len(goals) else f"{met} of {len(goals)} aims"
    return (
        f"The emulator errs by {own['mape']:.2f} % on average over open-loop windows that it never "
        f"saw{storm}, and meets {aims}."
    )


def _against(
    rows: Sequence[Row], tests: Sequence[Row], loss: str, segment: str, rivals: Sequence[str]
) -> str:
    """In one score: which rivals are behind, which ahead, and of which that is sure."""
    own = scores_of(rows, EMULATOR, segment)
    if own is None or not rivals:
        return ""
    behind: list[str] = []
    ahead: list[str] = []
    for rival in rivals:
        other = scores_of(rows, rival, segment)
        test = _test(tests, rival, segment, loss)
        if other is not None and test is not None:
            certain = sure(test) or sure_of_rival(test)
            words = f"{rival} ({_number(other[loss], _DIGITS[loss])}{'*' if certain else ''})"
            (behind if own[loss] < other[loss] else ahead).append(words)
    if not behind and not ahead:
        return ""
    where = "in strong storms" if segment == STRONG else "over all hours"
    parts = [f"behind it {', '.join(behind)}" if behind else "nobody behind it"]
    parts.append(f"ahead of it {', '.join(ahead)}" if ahead else "nobody ahead of it")
    return (
        f"{_LABELS[loss]} {where}: {EMULATOR} {_number(own[loss], _DIGITS[loss])}; "
        f"{'; '.join(parts)}."
    )


def _test(tests: Sequence[Row], rival: str, segment: str, loss: str) -> Row | None:
    for row in tests:
        if (row["model_b"], row["segment"], row["loss"]) == (rival, segment, loss):
            return row
    return None


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}".replace("-", "−")

"""Does the ensemble win, and where not? Sentences that are computed from the numbers.

Nothing here is written in advance in favour of a model: when a baseline is more
accurate, the sentences say so, with its name and both figures.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipelines.evaluation.evaluate import ALL, SAMPLE, Evaluation, Roles, Rows
from pipelines.evaluation.scores import GroupScores
from pipelines.evaluation.standings import (
    LABEL,
    SCORE_OF,
    SIGNIFICANT,
    Decision,
    Standing,
    decide,
    standings,
    where,
)


@dataclass(frozen=True)
class Verdict:
    """The answer in words: a headline, then what it rests on."""

    headline: str
    sentences: tuple[str, ...]
    standings: tuple[Standing, ...]

    @property
    def text(self) -> str:
        """All of it as one paragraph."""
        return " ".join((self.headline, *self.sentences))


def judge(found: Evaluation) -> Verdict:
    """Put an evaluation into words."""
    roles = found.roles
    wide = standings(found, ALL)
    sentences = [_overall(wide, roles, found.scores)]
    if roles.baselines:
        sentences += [_against_baselines(wide, roles), _lost(wide, roles)]
    sentences += [_against_members(wide, roles, found.tests)]
    sentences += [_at_once(found), _confidence(wide), _on_sample(found)]
    headline = " ".join(filter(None, (_headline(wide, roles), _slow_ahead(found))))
    return Verdict(headline, tuple(s for s in sentences if s), tuple(wide))


def _headline(wide: Sequence[Standing], roles: Roles) -> str:
    name, total = roles.ensemble, len(wide)
    judged = [s for s in wide if s.best_baseline is not None]
    if not judged:
        best = sum(s.winner == name for s in wide)
        return f"The {name} is the most accurate model in {best} of {total} comparisons."
    ahead = [s for s in judged if _ahead(s, name)]
    sure = sum(s.decision is Decision.BETTER for s in ahead)
    if len(ahead) == len(judged):
        return (
            f"The {name} is more accurate than every baseline at every target and horizon, "
            f"significantly in {sure} of {len(judged)} comparisons."
        )
    if not ahead:
        return f"The {name} does not win: at every target and horizon a baseline is more accurate."
    how = "in most cases, not in all" if 2 * len(ahead) > len(judged) else "in a minority of cases"
    return (
        f"The {name} is more accurate than every baseline {how}: {len(ahead)} of {len(judged)} "
        f"comparisons, {sure} of them significantly."
    )


def _overall(wide: Sequence[Standing], roles: Roles, scores: Sequence[GroupScores]) -> str:
    origins = max(found.row["n_origins"] for found in scores)
    wins = [
        f"the lowest {LABEL[SCORE_OF[loss]]} at {_share(s.winner == roles.ensemble for s in rows)}"
        for loss, rows in _by_loss(wide).items()
    ]
    return (
        f"On all series, over up to {origins} forecast origins, it has "
        f"{' and '.join(wins)} pairs of target and horizon{_other_winners(wide, roles)}."
    )


def _other_winners(wide: Sequence[Standing], roles: Roles) -> str:
    """Who wins that is neither the ensemble nor a baseline, if anyone does."""
    others = [s for s in wide if s.winner != roles.ensemble and s.winner not in roles.baselines]
    parts = [
        f"{winner} in {label} at {_places(rows)}"
        for winner in dict.fromkeys(s.winner for s in others)
        for loss, label in ((loss, LABEL[score]) for loss, score in SCORE_OF.items())
        if (rows := [s for s in others if s.winner == winner and s.loss == loss])
    ]
    return f"; baselines apart, the lowest elsewhere is {', '.join(parts)}" if parts else ""


def _against_baselines(wide: Sequence[Standing], roles: Roles) -> str:
    parts = []
    for loss, rows in _by_loss(wide).items():
        ahead = [s for s in rows if _ahead(s, roles.ensemble)]
        sure = [s for s in ahead if s.decision is Decision.BETTER]
        parts.append(
            f"in {LABEL[SCORE_OF[loss]]} at {len(ahead)} of {len(rows)}, "
            f"significantly at {_places(sure, len(rows))}"
        )
    return (
        f"It is ahead of the best baseline {'; '.join(parts)} "
        "(one-sided Diebold-Mariano test by date and its fixed-smoothing form, both at 5 %)."
    )


def _lost(wide: Sequence[Standing], roles: Roles) -> str:
    lost = [s for s in wide if s.best_baseline is not None and not _ahead(s, roles.ensemble)]
    if not lost:
        return "No baseline is ahead of it anywhere."
    winners = dict.fromkeys((s.loss, s.best_baseline) for s in lost)
    parts = [
        _lost_to(best or "", [s for s in lost if (s.loss, s.best_baseline) == (loss, best)])
        for loss, best in winners
    ]
    return f"A baseline is ahead of it in places: {'; '.join(parts)}."


def _lost_to(best: str, rows: Sequence[Standing]) -> str:
    """One baseline in one loss, all leads at which it is the best and ahead."""
    sure = [s for s in rows if s.decision is Decision.WORSE]
    if len(sure) == len(rows):
        how = ", significantly"
    else:
        how = f" (significantly at {_places(sure)})" if sure else " (not significantly)"
    label = LABEL[SCORE_OF[rows[0].loss]]
    return f"in {label} {best} at {_places(rows)}{how}"


def _against_members(wide: Sequence[Standing], roles: Roles, tests: Rows) -> str:
    parts = []
    for member in roles.reference[1:]:
        both = [s for s in wide if member in s.values and roles.ensemble in s.values]
        if not both:
            continue
        pair = {"scope": ALL, "model_a": roles.ensemble, "model_b": member}
        tested = where(tests, pair)
        ahead = sum(s.values[roles.ensemble] < s.values[member] for s in both)
        sure = sum(
            decide(where(tested, {"target": s.target, "horizon": s.horizon, "loss": s.loss}))
            is Decision.BETTER
            for s in both
        )
        parts.append(
            f"{member} alone in {ahead} of {len(both)} comparisons, significantly in {sure}"
        )
    return f"It is more accurate than {'; than '.join(parts)}." if parts else ""


def _at_once(found: Evaluation) -> str:
    """What the tests that pay for many comparisons say."""
    rows = [r for r in where(found.superiority, {"scope": ALL}) if r["p_value"] is not None]
    if not rows:
        return ""
    sure = [r for r in rows if r["p_value"] < SIGNIFICANT]
    ensemble = found.roles.ensemble
    lost = sum(r["benchmark"] == ensemble for r in sure)
    total = sum(r["benchmark"] == ensemble for r in rows)
    return (
        f"With all rivals tested at once (superior predictive ability, 5 %), a judged model beats "
        f"the best baseline in {len(sure) - lost} of {total} comparisons and some baseline beats "
        f"the {ensemble} in {lost}."
    )


def _confidence(wide: Sequence[Standing]) -> str:
    tested = [s for s in wide if s.in_set is not None]
    if not tested:
        return "There are too few origins to test anything."
    kept = sum(bool(s.in_set) for s in tested)
    alone = sum(bool(s.in_set) and s.set_size == 1 for s in tested)
    return (
        f"The 90 % model confidence set holds it in {kept} of {len(tested)} comparisons and "
        f"holds nothing else in {alone}."
    )


def _slow_ahead(found: Evaluation) -> str:
    """What a headline about all series must not hide: slow models that did better."""
    rows = standings(found, SAMPLE) if found.slow_models else []
    lost = [s for s in rows if _slow_is_best(s, found)]
    return f"On the sample a slow model is ahead in {len(lost)} of {len(rows)}." if lost else ""


def _on_sample(found: Evaluation) -> str:
    if not found.slow_models:
        return ""
    rows = standings(found, SAMPLE)
    parts = []
    for loss, here in _by_loss(rows).items():
        lost = [s for s in here if _slow_is_best(s, found)]
        where = f"everywhere but at {_places(lost)}" if 0 < len(lost) < len(here) else "everywhere"
        parts.append(f"{LABEL[SCORE_OF[loss]]} {'nowhere' if len(lost) == len(here) else where}")
    return (
        f"On the random sample of series it is more accurate than the slow models "
        f"({', '.join(found.slow_models)}) in {' and in '.join(parts)}."
    )


def _slow_is_best(s: Standing, found: Evaluation) -> bool:
    slow = (s.values[model] for model in found.slow_models if model in s.values)
    return min(slow, default=math.inf) <= s.values[found.roles.ensemble]


def _ahead(s: Standing, ensemble: str) -> bool:
    return s.best_baseline is not None and s.values[ensemble] < s.values[s.best_baseline]


def _by_loss(wide: Sequence[Standing]) -> dict[str, list[Standing]]:
    return {loss: [s for s in wide if s.loss == loss] for loss in SCORE_OF}


def _share(flags: Iterable[bool]) -> str:
    every = list(flags)
    return f"{sum(every)} of {len(every)}"


def _places(rows: Sequence[Standing], of: int = 0) -> str:
    """Name targets and horizons: "rolling 6, 9 and forward 24"; "all" when there are `of`."""
    if rows and len(rows) == of:
        return "all"
    targets = dict.fromkeys(s.target for s in rows)
    parts = [f"{t} {', '.join(str(s.horizon) for s in rows if s.target == t)}" for t in targets]
    return " and ".join(parts) if parts else "none"

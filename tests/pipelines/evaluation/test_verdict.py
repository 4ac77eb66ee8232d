"""The verdict is computed: it praises and blames whoever the numbers do."""

from __future__ import annotations

import polars as pl
import pytest

from pipelines.evaluation.evaluate import ALL, Roles, evaluate
from pipelines.evaluation.standings import Decision, decide, standings
from pipelines.evaluation.verdict import Verdict, judge
from tests.pipelines.evaluation.tables import NOISE, ROLES, contest_table


def verdict_of(table: pl.DataFrame, roles: Roles = ROLES) -> Verdict:
    return judge(evaluate(table, roles, seed=0))


def test_an_ensemble_that_wins_everywhere_is_said_to() -> None:
    verdict = verdict_of(contest_table(series=30))
    assert verdict.headline == (
        "The ens is more accurate than every baseline at every target and horizon, "
        "significantly in 8 of 8 comparisons."
    )
    assert "it has the lowest RMSE at 4 of 4 and the lowest CRPS at 4 of 4" in verdict.text
    assert "No baseline is ahead of it anywhere." in verdict.text
    assert "lstm alone in 8 of 8 comparisons" in verdict.text


def test_a_baseline_that_wins_everywhere_is_named() -> None:
    verdict = verdict_of(contest_table(series=30, noise=NOISE | {"mean": 0.1}))
    assert verdict.headline == (
        "The ens does not win: at every target and horizon a baseline is more accurate."
    )
    assert (
        "A baseline is ahead of it in places: in RMSE mean at forward 6, 9 and rolling 6, 9, "
        "significantly; in CRPS mean at forward 6, 9 and rolling 6, 9, significantly."
    ) in verdict.text


def test_a_draw_is_told_by_target_and_horizon() -> None:
    won = contest_table(series=30, targets=["forward"], horizons=[6, 9, 12])
    lost = contest_table(series=30, targets=["rolling"], noise=NOISE | {"mean": 0.1})
    verdict = verdict_of(pl.concat([won, lost]))
    assert verdict.headline == (
        "The ens is more accurate than every baseline in most cases, not in all: 6 of 10 "
        "comparisons, 6 of them significantly."
    )
    assert "in RMSE at 3 of 5, significantly at forward 6, 9, 12" in verdict.text
    assert "in RMSE mean at rolling 6, 9, significantly" in verdict.text


def test_fewer_wins_than_losses_are_a_minority() -> None:
    won = contest_table(series=30, targets=["forward"], horizons=[6])
    lost = contest_table(series=30, targets=["rolling"], noise=NOISE | {"mean": 0.1})
    assert "in a minority of cases: 2 of 6" in verdict_of(pl.concat([won, lost])).headline


def test_a_loss_within_the_noise_is_not_called_significant() -> None:
    table = contest_table(series=5, origins=6, noise=NOISE | {"mean": 0.29}, seed=3)
    text = verdict_of(table).text
    assert "A baseline is ahead of it in places" in text
    assert "(not significantly)" in text or "(significantly at" in text


def test_a_member_that_is_better_than_the_ensemble_is_named() -> None:
    text = verdict_of(contest_table(series=30, noise=NOISE | {"lstm": 0.1})).text
    assert "the lowest elsewhere is lstm in RMSE at forward 6, 9 and rolling 6, 9" in text
    assert "lstm alone in 0 of 8 comparisons, significantly in 0" in text


def test_slow_models_are_judged_on_the_sample() -> None:
    assert "the slow models (slow) in RMSE everywhere and in CRPS everywhere" in (
        verdict_of(contest_table()).text
    )
    verdict = verdict_of(contest_table(noise=NOISE | {"slow": 0.05}))
    assert verdict.headline.endswith("On the sample a slow model is ahead in 8 of 8.")
    text = verdict.text
    assert "the slow models (slow) in RMSE nowhere and in CRPS nowhere" in text
    lost = contest_table(targets=["rolling"], noise=NOISE | {"slow": 0.05})
    text = verdict_of(pl.concat([contest_table(targets=["forward"]), lost])).text
    assert "in RMSE everywhere but at rolling 6, 9 and" in text


def test_without_baselines_and_sample_only_the_models_are_compared() -> None:
    table = contest_table(noise={"ens": 0.3, "lstm": 0.5})
    verdict = verdict_of(table, Roles(("ens",), ()))
    assert verdict.headline == "The ens is the most accurate model in 8 of 8 comparisons."
    assert "baseline" not in verdict.text
    assert "slow" not in verdict.text


def test_one_origin_is_too_few_to_test_anything() -> None:
    verdict = verdict_of(contest_table(origins=1))
    assert "significantly in 0 of 8" in verdict.headline
    assert "There are too few origins to test anything." in verdict.text


def test_standings_hold_both_figures_and_the_test() -> None:
    found = evaluate(contest_table(series=30), ROLES, seed=0)
    first = standings(found, ALL)[0]
    assert (first.target, first.horizon, first.loss) == ("forward", 6, "squared_error")
    assert (first.winner, first.best_baseline, first.in_set) == ("ens", "mean", True)
    row = next(row for row in found.rows if row["model"] == "ens")
    assert first.values["ens"] == row["rmse"]
    assert first.decision is Decision.BETTER


def rows_with(*p_values: float | None) -> list[dict[str, object]]:
    methods = ("dm_hln", "dm_fixed_smoothing", "stationary_bootstrap")
    return [{"method": m, "p_value": p} for m, p in zip(methods, p_values, strict=True)]


@pytest.mark.parametrize(
    ("p_values", "decision"),
    [
        ((0.01, 0.04, 0.5), Decision.BETTER),
        ((0.99, 0.96, 0.5), Decision.WORSE),
        ((0.01, 0.06, 0.01), Decision.DISPUTED),
        ((0.90, 0.96, 0.99), Decision.DISPUTED),
        ((0.10, 0.90, 0.01), Decision.OPEN),
        ((None, None, None), Decision.OPEN),
    ],
)
def test_both_tests_must_agree_and_the_bootstrap_has_no_say(
    p_values: tuple[float | None, ...], decision: Decision
) -> None:
    assert decide(rows_with(*p_values)) is decision


def test_tests_of_all_rivals_at_once_are_told() -> None:
    assert (
        "a judged model beats the best baseline in 8 of 8 comparisons and some baseline beats "
        "the ens in 0."
    ) in verdict_of(contest_table(series=30)).text

"""The whole judgement of a table: scopes, rivals, determinism, refusals."""

from __future__ import annotations

import json

import numpy as np
import pytest

from models.errors import ConfigError
from pipelines.evaluation.evaluate import Roles, evaluate
from tests.pipelines.evaluation.tables import ROLES, contest_table


def test_models_of_the_sample_are_tested_on_the_sample_only() -> None:
    found = evaluate(contest_table(), ROLES, seed=0)
    assert found.slow_models == ["slow"]
    assert {row["model"] for row in found.rows} == {"ens", "lstm", "mean"}
    assert {row["model"] for row in found.sample_rows} == {"ens", "lstm", "mean", "slow"}
    rivals = {(row["scope"], row["model_a"], row["model_b"]) for row in found.tests}
    assert rivals == {
        ("all", "ens", "lstm"),
        ("all", "ens", "mean"),
        ("all", "lstm", "mean"),
        ("sample", "ens", "slow"),
        ("sample", "lstm", "slow"),
    }
    assert {row["scope"] for row in found.mcs} == {"all", "sample"}


def test_every_row_is_json_without_nan() -> None:
    found = evaluate(contest_table(), ROLES, seed=0)
    everything = [found.rows, found.sample_rows, found.tests, found.mcs, found.superiority]
    # Strict JSON gives everything back; NaN, infinities and foreign types are refused.
    assert json.loads(json.dumps(everything, allow_nan=False)) == everything


def test_the_order_of_rows_in_the_table_does_not_matter() -> None:
    table = contest_table()
    shuffled = table.sample(fraction=1.0, shuffle=True, seed=0)
    first, other = evaluate(table, ROLES, seed=3), evaluate(shuffled, ROLES, seed=3)

    def by_pair(rows: list[dict[str, object]]) -> dict[tuple[object, ...], object]:
        keys = ("scope", "target", "horizon", "model_a", "model_b", "loss", "method")
        return {tuple(row[k] for k in keys): row["p_value"] for row in rows}

    assert by_pair(first.tests) == pytest.approx(by_pair(other.tests))


def test_the_same_seed_gives_the_same_numbers() -> None:
    first, again = (evaluate(contest_table(), ROLES, seed=3) for _ in range(2))
    assert (first.tests, first.mcs, first.superiority) == (
        again.tests,
        again.mcs,
        again.superiority,
    )


@pytest.mark.parametrize("reference", [(), ("absent", "ens")])
def test_an_ensemble_that_is_not_there_is_an_error(reference: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match=r"expected the first of .* among the models"):
        evaluate(contest_table(), Roles(reference, ("mean",)), seed=0)


def test_a_single_origin_is_scored_and_not_tested() -> None:
    found = evaluate(contest_table(origins=1), ROLES, seed=0)
    assert all(np.isfinite(row["rmse"]) for row in found.rows)
    assert {row["p_value"] for row in found.tests} == {None}
    assert {row["p_value"] for row in found.superiority} == {None}

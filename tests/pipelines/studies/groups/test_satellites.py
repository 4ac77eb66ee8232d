"""Satellites that are left out with those that fly beside them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from models.emulators.satellite_samples import SatelliteSamples
from models.errors import ModelError
from pipelines.studies.groups.satellites import group_of, study_satellite_groups
from pipelines.studies.groups.study import UNSEEN, USUAL, GroupStudy
from tests.models.emulators.satellite_worlds import samples

NAMES = ("champ", "grace_a", "grace_b")


@cache
def world() -> SatelliteSamples:
    """Seven years; the emulator is 26 % too thin, and champ measures 26 % more than the others."""
    return samples(2500, satellites=NAMES, bias=0.1, scale={"champ": 0.1})


@cache
def studied() -> GroupStudy:
    return study_satellite_groups(world())


def test_satellites_of_one_mission_are_one_group() -> None:
    assert [group_of(name) for name in NAMES] == ["champ", "grace", "grace"]
    assert group_of("sat_12") == "sat_12"
    assert group_of("_a") == "_a"


def test_what_the_others_cannot_know_costs_and_one_factor_repairs_most() -> None:
    study = studied()
    assert study.groups == 2
    assert study.rows == 2500
    for model in ("one factor", "correction"):
        assert study.cost_of_unseen(model).share > 0
        assert study.loss(model, UNSEEN) < study.loss("emulator", UNSEEN)
    assert study.loss("emulator", USUAL) == study.loss("emulator", UNSEEN)
    rows = study.coefficients["one factor"].rows
    # Grace alone: 10^0.1; champ alone: 10^0.2; together, median over both, in between.
    for name, (usual, unseen) in rows.items():
        assert unseen == pytest.approx(1.26 if name.startswith("champ") else 1.58, abs=0.04)
        assert 1.2 < usual < 1.6


def test_densities_of_a_mission_left_out_do_not_move_its_forecasts() -> None:
    changed = world().log_density.copy()
    champ = world().satellite == "champ"
    changed[champ] += np.random.default_rng(0).normal(0, 1, champ.sum())
    other = study_satellite_groups(replace(world(), log_density=changed))
    for name, (usual, unseen) in studied().coefficients["one factor"].rows.items():
        found = other.coefficients["one factor"].rows[name]
        if name.startswith("champ"):
            assert found[1] == unseen
        assert found[0] != usual


def test_one_mission_or_too_few_years_are_refused() -> None:
    with pytest.raises(ModelError, match="expected two or more missions, got grace"):
        study_satellite_groups(samples(900, satellites=("grace_a", "grace_b")))
    with pytest.raises(ModelError, match="no block of 3 years leaves 200 samples"):
        study_satellite_groups(samples(700, satellites=NAMES))


def test_a_mission_that_the_usual_fit_does_not_know_is_not_judged() -> None:
    both = world()
    late = both.time >= np.datetime64("2006-01-01")
    kept = both.select(late | (both.satellite != "champ"))
    told = list[str]()
    # In 2006-2008 most of champ's years are left out, so that its usual fit is one without it.
    study = study_satellite_groups(
        kept.select(kept.time < np.datetime64("2009-01-01")), told.append
    )
    assert "2006-2008: champ not judged, fewer than 200 samples of it" in " ".join(told)
    rows = study.coefficients["one factor"].rows
    assert list(rows) == ["grace, 2003-2005"]
    assert study.groups == 1

"""Which models go live together: a correction only with the emulator that it was fitted for."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from models.contract import State
from models.errors import ArtefactError
from pipelines import registry, served
from pipelines.registry import (
    DENSITY_CORRECTION,
    FUND_SHARPE,
    PREVIOUS,
    THERMOSPHERE_DENSITY,
    StoredModel,
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path))
    return tmp_path


def promoted(name: str = FUND_SHARPE, **config: str) -> StoredModel:
    state = State("toy", {}, {"weights": np.arange(3.0)})
    stored = registry.save_model(
        name, state, {}, metrics={}, config=config, data={"hash": "abc"}, seed=0
    )
    registry.promote(stored)
    return stored


def test_without_a_champion_nothing_is_chosen() -> None:
    promoted(DENSITY_CORRECTION, emulator="thermosphere-density:v1")
    assert served.choose(THERMOSPHERE_DENSITY) == served.Choice({})


def test_another_alias_chooses_its_own_correction() -> None:
    old = promoted(THERMOSPHERE_DENSITY)
    old_correction = promoted(DENSITY_CORRECTION, emulator=old.tag)
    new = promoted(THERMOSPHERE_DENSITY)
    new_correction = promoted(DENSITY_CORRECTION, emulator=new.tag)
    assert served.choose(THERMOSPHERE_DENSITY).versions == {
        THERMOSPHERE_DENSITY: new.version,
        DENSITY_CORRECTION: new_correction.version,
    }
    assert served.choose(THERMOSPHERE_DENSITY, PREVIOUS).versions == {
        THERMOSPHERE_DENSITY: old.version,
        DENSITY_CORRECTION: old_correction.version,
    }


def test_a_correction_before_the_champion_that_is_gone_is_left_out() -> None:
    emulator = promoted(THERMOSPHERE_DENSITY)
    before = promoted(DENSITY_CORRECTION, emulator=emulator.tag)
    champion = promoted(DENSITY_CORRECTION, emulator="thermosphere-density:next")
    assert served.choose(THERMOSPHERE_DENSITY).models[DENSITY_CORRECTION] == before
    shutil.rmtree(before.folder)
    choice = served.choose(THERMOSPHERE_DENSITY)
    assert choice.versions == {THERMOSPHERE_DENSITY: emulator.version}
    ((left_out, reason),) = choice.left_out
    assert left_out == champion
    assert reason.startswith(
        f"{champion.tag} corrects thermosphere-density:next, and {emulator.tag}"
    )


def test_a_correction_of_another_emulator_does_not_keep_a_server_from_starting() -> None:
    emulator = promoted(THERMOSPHERE_DENSITY)
    promoted(DENSITY_CORRECTION, emulator="thermosphere-density:other")
    assert list(served.served_models().values()) == [emulator]


def test_models_that_answered_before_are_found_by_their_versions() -> None:
    emulator = promoted(THERMOSPHERE_DENSITY)
    fund = promoted()
    promoted()
    versions = {FUND_SHARPE: fund.version, THERMOSPHERE_DENSITY: emulator.version}
    assert served.chosen_before(FUND_SHARPE, versions).models == {FUND_SHARPE: fund}
    assert served.chosen_before(FUND_SHARPE, {}).models == {}
    with pytest.raises(ArtefactError, match="no version 'gone'"):
        served.chosen_before(FUND_SHARPE, {FUND_SHARPE: "gone"})


def test_every_promotion_is_noticed_also_of_the_version_that_is_champion_already(
    home: Path,
) -> None:
    assert served.promoted_at(FUND_SHARPE) is None
    stored = promoted()
    # A clock may be coarser than a test is quick.
    file = home / "aliases/fund-sharpe.json"
    os.utime(file, ns=(0, 0))
    seen = served.promoted_at(FUND_SHARPE)
    assert served.promoted_at(FUND_SHARPE) == seen
    registry.promote(stored)
    again = served.promoted_at(FUND_SHARPE)
    assert again not in (None, seen)
    promoted()
    assert served.promoted_at(FUND_SHARPE) not in (None, seen, again)

"""A promoted model answers once it is loaded; one that cannot be served leaves the old one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from models.contract import State
from models.errors import ArtefactError
from pipelines import registry
from pipelines.registry import (
    DENSITY_ASSIMILATION,
    DENSITY_CORRECTION,
    FUND_SHARPE,
    THERMOSPHERE_DENSITY,
    StoredModel,
)
from pipelines.served import choose
from service.watch_slot import Refusal, Slot

#: What a slot of these tests answers with: its versions, so that a wrong pair is seen.
Told = dict[str, str]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path))
    return tmp_path


@dataclass
class Noted:
    """Meters that keep what they are told."""

    served: list[Mapping[str, str]] = field(default_factory=list)
    results: list[tuple[tuple[str, ...], str]] = field(default_factory=list)

    def serving(self, before: Mapping[str, str], after: Mapping[str, str]) -> None:
        assert before == (self.served[-1] if self.served else {})
        self.served.append(after)

    def tried(self, names: Sequence[str], result: str, seconds: float) -> None:
        assert seconds > 0
        self.results.append((tuple(names), result))


@dataclass
class Loader:
    """Reads models as a server does, but answers with their versions.

    meanwhile   is called while they are read
    """

    loads: list[Told] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None

    def __call__(self, models: Mapping[str, StoredModel]) -> Told:
        for stored in models.values():
            registry.load_state(stored)
            if "fault" in stored.metadata["config"]:
                raise KeyError(stored.metadata["config"]["fault"])
        self.meanwhile()
        self.loads.append({name: stored.version for name, stored in models.items()})
        return self.loads[-1]


def save(name: str = FUND_SHARPE, **config: str) -> StoredModel:
    state = State("toy", {}, {"weights": np.arange(3.0)})
    return registry.save_model(
        name, state, {}, metrics={}, config=config, data={"hash": "abc"}, seed=0
    )


def promoted(name: str = FUND_SHARPE, **config: str) -> str:
    """The version of a new champion."""
    stored = save(name, **config)
    registry.promote(stored)
    return stored.version


def break_file(stored: StoredModel) -> None:
    """Change its arrays on disk."""
    (file,) = stored.folder.glob("state/*.safetensors")
    file.write_bytes(file.read_bytes() + b"0")


def slot_of(name: str = FUND_SHARPE) -> tuple[Slot[Told], Loader, Noted]:
    load, noted = Loader(), Noted()
    return Slot(name, load, noted), load, noted


def started(name: str = FUND_SHARPE) -> tuple[Slot[Told], Loader, Noted]:
    slot, load, noted = slot_of(name)
    slot.start()
    return slot, load, noted


def test_a_promoted_version_answers_after_the_next_look() -> None:
    first = promoted()
    slot, _, noted = started()
    assert slot.predictor == {FUND_SHARPE: first}
    second = promoted()
    assert slot.predictor == {FUND_SHARPE: first}
    slot.follow()
    assert slot.predictor == {FUND_SHARPE: second}
    assert noted.results == [((FUND_SHARPE,), "swapped")]
    assert noted.served == [{FUND_SHARPE: first}, {FUND_SHARPE: second}]


def test_without_a_promotion_nothing_is_read_again() -> None:
    promoted()
    slot, load, noted = started()
    for _ in range(3):
        slot.follow()
    assert (len(load.loads), noted.results) == (1, [])


def test_a_new_version_that_is_not_promoted_changes_nothing() -> None:
    first = promoted()
    slot, _, _ = started()
    save()
    slot.follow()
    assert slot.versions == {FUND_SHARPE: first}


def test_a_tampered_version_stays_out_and_says_why_once(caplog: pytest.LogCaptureFixture) -> None:
    first = promoted()
    slot, load, noted = started()
    bad = save()
    registry.promote(bad)
    break_file(bad)
    for _ in range(3):
        slot.follow()
    assert slot.predictor == {FUND_SHARPE: first}
    assert (len(load.loads), noted.results) == (1, [((FUND_SHARPE,), "refused")])
    (refusal,) = slot.refused
    assert (refusal.name, refusal.version) == (FUND_SHARPE, bad.version)
    assert "its sha256 differs" in refusal.reason
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"fund-sharpe:{bad.version} is refused, fund-sharpe:{first} answers on")
    assert "\n" not in line


def test_a_refused_version_is_tried_again_when_it_is_promoted_again() -> None:
    promoted()
    slot, _, noted = started()
    bad = save()
    (file,) = bad.folder.glob("state/*.safetensors")
    whole = file.read_bytes()
    registry.promote(bad)
    break_file(bad)
    slot.follow()
    file.write_bytes(whole)
    slot.follow()
    assert [result for _, result in noted.results] == ["refused"]
    registry.promote(bad)
    slot.follow()
    assert slot.versions == {FUND_SHARPE: bad.version}
    assert slot.refused == ()


def test_going_back_to_the_version_that_answers_clears_the_refusal() -> None:
    first = save()
    registry.promote(first)
    slot, load, _ = started()
    promoted(fault="x")
    slot.follow()
    assert len(slot.refused) == 1
    registry.promote(first)
    slot.follow()
    assert (slot.refused, len(load.loads)) == ((), 1)


def test_an_unforeseen_fault_is_a_reason_in_one_line_too() -> None:
    first = promoted()
    slot, _, _ = started()
    version = promoted(fault="two\nlines")
    slot.follow()
    assert slot.refused == (Refusal(FUND_SHARPE, version, "KeyError: 'two\\nlines'"),)
    assert slot.versions == {FUND_SHARPE: first}


def test_a_damaged_alias_file_leaves_the_old_model(home: Path) -> None:
    first = promoted()
    slot, _, noted = started()
    (home / "aliases/fund-sharpe.json").write_text("{")
    slot.follow()
    assert slot.versions == {FUND_SHARPE: first}
    (refusal,) = slot.refused
    assert refusal.version is None
    assert "aliases/fund-sharpe.json: expected" in refusal.reason
    assert noted.results == [((FUND_SHARPE,), "refused")]


def test_without_a_champion_the_old_model_answers_on(home: Path) -> None:
    first = promoted()
    slot, _, _ = started()
    (home / "aliases/fund-sharpe.json").unlink()
    slot.follow()
    assert (slot.versions, slot.refused) == ({FUND_SHARPE: first}, ())


def test_a_model_that_was_absent_at_the_start_appears_when_it_is_promoted() -> None:
    slot, _, noted = started()
    assert slot.predictor is None
    version = promoted()
    slot.follow()
    assert slot.predictor == {FUND_SHARPE: version}
    assert noted.results == [((FUND_SHARPE,), "swapped")]


def test_a_promotion_while_another_is_loaded_is_seen_at_the_next_look() -> None:
    promoted()
    slot, load, _ = started()
    last = save()
    promoted()
    load.meanwhile = lambda: registry.promote(last)
    slot.follow()
    load.meanwhile = lambda: None
    slot.follow()
    assert slot.versions == {FUND_SHARPE: last.version}


def test_a_start_with_a_bad_champion_raises_what_is_wrong_with_it() -> None:
    bad = save()
    registry.promote(bad)
    break_file(bad)
    slot, _, _ = slot_of()
    with pytest.raises(ArtefactError, match="its sha256 differs"):
        slot.start()
    version = promoted(fault="x")
    with pytest.raises(ArtefactError, match=f"fund-sharpe:{version}: KeyError: 'x'"):
        slot.start()


def test_a_start_with_a_bad_champion_takes_the_first_earlier_model_that_can_be_served() -> None:
    promoted(fault="older")
    bad_too = choose(FUND_SHARPE)
    good = promoted()
    earlier = choose(FUND_SHARPE)
    bad = promoted(fault="x")
    slot, _, noted = slot_of()
    slot.start([bad_too, earlier])
    assert slot.versions == {FUND_SHARPE: good}
    assert [refusal.version for refusal in slot.refused] == [bad]
    slot.follow()
    # The bad one was tried already.
    assert noted.results == [((FUND_SHARPE,), "refused")]


def correcting(emulator: str, name: str = DENSITY_CORRECTION) -> str:
    """A promoted correction of a version of the emulator."""
    return promoted(name, emulator=f"{THERMOSPHERE_DENSITY}:{emulator}")


def test_a_correction_goes_live_with_its_emulator_in_one_step() -> None:
    old = promoted(THERMOSPHERE_DENSITY)
    old_correction = correcting(old)
    slot, load, noted = started(THERMOSPHERE_DENSITY)
    pair = {THERMOSPHERE_DENSITY: old, DENSITY_CORRECTION: old_correction}
    assert slot.predictor == pair
    # The way that never lacks a correction: first the correction, then its emulator.
    new = save(THERMOSPHERE_DENSITY)
    new_correction = correcting(new.version)
    slot.follow()
    assert slot.predictor == pair
    assert [refusal.version for refusal in slot.refused] == [new_correction]
    registry.promote(new)
    slot.follow()
    assert slot.predictor == {
        THERMOSPHERE_DENSITY: new.version,
        DENSITY_CORRECTION: new_correction,
    }
    assert (slot.refused, len(load.loads)) == ((), 2)
    assert noted.results == [((THERMOSPHERE_DENSITY, DENSITY_CORRECTION), "swapped")]


def test_an_emulator_without_its_correction_goes_live_without_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    old = promoted(THERMOSPHERE_DENSITY)
    correction, assimilation = correcting(old), correcting(old, DENSITY_ASSIMILATION)
    slot, _, _ = started(THERMOSPHERE_DENSITY)
    new = promoted(THERMOSPHERE_DENSITY)
    slot.follow()
    assert slot.predictor == {THERMOSPHERE_DENSITY: new}
    assert [refusal.version for refusal in slot.refused] == [correction, assimilation]
    assert f"corrects thermosphere-density:{old}" in slot.refused[0].reason
    told = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert [line.partition(":")[0] for line in told] == [DENSITY_CORRECTION, DENSITY_ASSIMILATION]


def test_a_rollback_of_the_emulator_alone_takes_its_own_correction_along() -> None:
    old, older = save(THERMOSPHERE_DENSITY), None
    registry.promote(old)
    older = correcting(old.version)
    slot, _, _ = started(THERMOSPHERE_DENSITY)
    new = save(THERMOSPHERE_DENSITY)
    correcting(new.version)
    registry.promote(new)
    slot.follow()
    registry.rollback(THERMOSPHERE_DENSITY)
    slot.follow()
    assert slot.predictor == {THERMOSPHERE_DENSITY: old.version, DENSITY_CORRECTION: older}


def test_a_bad_correction_keeps_the_old_pair_whole() -> None:
    old = promoted(THERMOSPHERE_DENSITY)
    pair = {THERMOSPHERE_DENSITY: old, DENSITY_CORRECTION: correcting(old)}
    slot, _, noted = started(THERMOSPHERE_DENSITY)
    new = save(THERMOSPHERE_DENSITY)
    bad = promoted(DENSITY_CORRECTION, emulator=new.tag, fault="x")
    registry.promote(new)
    slot.follow()
    assert slot.predictor == pair
    assert {refusal.version for refusal in slot.refused} == {new.version, bad}
    assert noted.results == [((THERMOSPHERE_DENSITY, DENSITY_CORRECTION), "refused")]


def test_a_correction_of_the_same_emulator_is_replaced_alone() -> None:
    emulator = promoted(THERMOSPHERE_DENSITY)
    correcting(emulator)
    slot, _, noted = started(THERMOSPHERE_DENSITY)
    newer = correcting(emulator)
    slot.follow()
    assert slot.predictor == {THERMOSPHERE_DENSITY: emulator, DENSITY_CORRECTION: newer}
    assert noted.results == [((DENSITY_CORRECTION,), "swapped")]

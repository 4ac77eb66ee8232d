"""Aliases change as the rules say, one writer at a time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.errors import ArtefactError
from pipelines import registry, registry_aliases
from pipelines.registry_aliases import Aliases, locked, read_aliases, write_aliases


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path))
    return tmp_path


def test_the_old_champion_becomes_the_previous() -> None:
    assert Aliases("a").promoted("b") == Aliases("b", previous="a")
    assert Aliases("b", previous="a").promoted("c") == Aliases("c", previous="b")
    assert Aliases().promoted("a") == Aliases("a")


def test_a_promoted_challenger_is_no_challenger_any_more() -> None:
    assert Aliases("a", "b").promoted("b") == Aliases("b", previous="a")
    # Another promotion leaves it in its place.
    assert Aliases("a", "b").promoted("c") == Aliases("c", "b", "a")


def test_promoting_the_champion_again_changes_nothing() -> None:
    assert Aliases("b", "c", "a").promoted("b") == Aliases("b", "c", "a")


def test_promoting_the_previous_is_a_rollback() -> None:
    assert Aliases("b", previous="a").promoted("a") == Aliases("a", previous="b")


def test_rolling_back_twice_is_where_we_were() -> None:
    now = Aliases("b", "c", "a")
    assert now.rolled_back() == Aliases("a", "c", "b")
    assert now.rolled_back().rolled_back() == now
    assert Aliases("b", "a", "a").rolled_back() == Aliases("a", previous="b")


def test_the_same_holders_are_the_same_whatever_change_led_there() -> None:
    assert Aliases("a", change="1").same_as(Aliases("a", change="2"))
    assert not Aliases("a").same_as(Aliases("a", "b"))


def test_a_file_of_the_first_release_is_read(home: Path) -> None:
    (home / "aliases").mkdir()
    (home / "aliases/toy.json").write_text('{"champion": "old"}')
    assert registry.aliases("toy") == {"champion": "old"}
    assert registry.champion_version("toy") == "old"


def test_what_is_written_is_read_and_leftovers_of_a_killed_writer_go(home: Path) -> None:
    (home / "aliases").mkdir()
    (home / "aliases/.toy.json.killed").write_text("{")
    with locked("toy"):
        write_aliases("toy", Aliases("a", None, "b", "1"))
    assert read_aliases("toy") == Aliases("a", None, "b", "1")
    held = {"champion": "a", "previous": "b", "change": "1"}
    assert json.loads((home / "aliases/toy.json").read_text()) == held
    assert sorted(p.name for p in (home / "aliases").iterdir()) == ["toy.json", "toy.lock"]


def test_a_writer_does_not_wait_for_another_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_aliases, "PATIENCE_SECONDS", 0.1)
    with locked("toy"):
        # Other names are not in the way.
        with locked("other"):
            pass
        with (
            pytest.raises(ArtefactError, match="another process has held this lock"),
            locked("toy"),
        ):
            pass
    with locked("toy"):
        pass


def test_a_home_that_cannot_be_written_says_so(home: Path) -> None:
    (home / "aliases").write_text("a file where a folder belongs")
    with pytest.raises(ArtefactError, match=r"toy\.lock: cannot be written .*write access"):
        locked("toy").__enter__()

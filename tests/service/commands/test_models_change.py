"""Promote, challenge and roll back from the command line, and read who did it."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path

import pytest

from pipelines import registry
from service import cli
from tests.service.commands.stored import store


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path))
    return tmp_path


def said(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert cli.run(["models", *words]) == 0
    return capsys.readouterr().out


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert cli.run(["models", *words]) == 2
    return capsys.readouterr().err


def test_promotion_tells_programs_who_holds_which_alias(
    capsys: pytest.CaptureFixture[str],
) -> None:
    first, second = store(), store()
    registry.promote(first)
    registry.challenge(second)
    told = json.loads(said(["promote", "fund-sharpe@challenger", "--json"], capsys))
    assert told == {
        "name": "fund-sharpe",
        "champion": second.version,
        "challenger": None,
        "previous": first.version,
    }


def test_rollback_puts_the_former_champion_back_and_again_undoes_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    first, second = store(), store()
    registry.promote(first)
    registry.promote(second)
    told = said(["rollback", "fund-sharpe"], capsys)
    assert f"is {first.version} again (it was {second.version})" in told
    said(["rollback", "fund-sharpe"], capsys)
    assert registry.aliases("fund-sharpe") == {
        "champion": second.version,
        "previous": first.version,
    }


def test_a_rollback_takes_less_than_two_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    registry.promote(store())
    registry.promote(store())
    start = time.perf_counter()
    said(["rollback", "fund-sharpe"], capsys)
    assert time.perf_counter() - start < 2.0


def test_a_rollback_to_nowhere_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    registry.promote(store())
    told = refused(["rollback", "fund-sharpe"], capsys)
    assert "no previous champion of 'fund-sharpe'" in told
    assert "halyard models promote" in told
    assert "no model can be called '../up'" in refused(["rollback", "../up"], capsys)


def test_challenge_names_the_challenger_and_refuses_the_champion(
    capsys: pytest.CaptureFixture[str],
) -> None:
    first, second = store(), store()
    registry.promote(first)
    assert f"is {second.version}" in said(["challenge", "latest", "--why", "newer"], capsys)
    assert registry.alias_version("fund-sharpe", "challenger") == second.version
    assert "is the champion" in refused(["challenge", first.tag], capsys)
    store(periods_per_year=4)
    assert "promote a monthly model" in refused(["challenge", "latest"], capsys)


def test_the_log_tells_who_when_why_and_on_what_evidence(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, report = store(), home / "report.html"
    report.write_bytes(b"better")
    words = ["promote", model.tag, "--why", "less error", "--evidence", str(report)]
    said(words, capsys)
    (record,) = json.loads(said(["log", "--json"], capsys))
    assert (record["action"], record["from"], record["to"]) == ("promote", None, model.version)
    assert (record["why"], record["state"]) == ("less error", "done")
    assert record["evidence"]["sha256"] == hashlib.sha256(b"better").hexdigest()
    table = said(["log", "fund-sharpe"], capsys)
    assert "less error" in table
    assert str(report) in table


def test_the_log_can_be_cut_to_the_newest(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = store(), store()
    registry.promote(first)
    registry.promote(second)
    (record,) = json.loads(said(["log", "--last", "1", "--json"], capsys))
    assert record["to"] == second.version
    assert "Nothing has been promoted" in said(["log", "thermosphere-density"], capsys)


def test_evidence_that_is_not_there_stops_the_promotion(
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = store()
    told = refused(["promote", model.tag, "--evidence", "gone.html"], capsys)
    assert "evidence gone.html: no such file" in told
    assert registry.aliases("fund-sharpe") == {}
    assert registry.audit_records("fund-sharpe") == []

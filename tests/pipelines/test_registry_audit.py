"""The audit log keeps who, when, why and on what, and outlives torn lines."""

from __future__ import annotations

import getpass
import hashlib
import os
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from models.errors import ArtefactError, ConfigError, ModelError
from pipelines import registry
from pipelines import registry_audit as audit
from tests.pipelines.toy_models import save


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path))
    return tmp_path


def told() -> list[tuple[str, str | None, str, str]]:
    """Action, from, to and state of every change."""
    return [(r["action"], r["from"], r["to"], r["state"]) for r in registry.audit_records("toy")]


def test_every_change_is_told_in_order() -> None:
    a, b = save(), save()
    registry.promote(a)
    registry.challenge(b)
    registry.promote(b)
    registry.rollback("toy")
    assert told() == [
        ("promote", None, a.version, "done"),
        ("challenge", None, b.version, "done"),
        ("promote", a.version, b.version, "done"),
        ("rollback", b.version, a.version, "done"),
    ]


def test_a_record_holds_who_when_why_and_on_what_evidence(home: Path) -> None:
    report = home / "report.html"
    report.write_bytes(b"better")
    model = save()
    registry.promote(model, why="error fell", evidence=report)
    (record,) = registry.audit_records("toy")
    assert (record["why"], record["who"]["pid"]) == ("error fell", os.getpid())
    assert record["who"].keys() == {"user", "host", "pid", "command"}
    evidence = {"path": str(report), "sha256": hashlib.sha256(b"better").hexdigest()}
    assert record["evidence"] == evidence
    seal = (model.folder / "metadata.sha256").read_text().split()[0]
    assert record["sha256"] == seal
    assert datetime.fromisoformat(record["at"]).utcoffset() == timedelta(0)
    assert record["closed"] >= record["at"]


def test_an_actor_can_be_named_in_place_of_the_user() -> None:
    registry.promote(save(), actor="monthly retraining")
    assert registry.audit_records("toy")[0]["who"]["user"] == "monthly retraining"


def test_a_password_on_the_command_line_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["halyard", "retrain", "--database", "postgresql://me:secret@host/name"]
    monkeypatch.setattr(sys, "orig_argv", words)
    assert audit.who()["command"] == "halyard retrain --database postgresql://me:***@host/name"


def test_a_user_without_a_name_is_told_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert audit.user_name() == str(os.getuid())


def test_nothing_is_recorded_where_nothing_changes() -> None:
    a, b = save(), save()
    registry.promote(a)
    registry.promote(a, why="again")
    registry.challenge(b)
    registry.challenge(b)
    assert [action for action, *_ in told()] == ["promote", "challenge"]


def test_what_is_refused_leaves_no_trace(home: Path) -> None:
    model = save()
    registry.promote(model)
    with pytest.raises(ModelError, match="is the champion; name another"):
        registry.challenge(model)
    with pytest.raises(ArtefactError, match="no previous champion of 'toy'"):
        registry.rollback("toy")
    with pytest.raises(ConfigError, match="no such file; give the report"):
        registry.promote(save(), evidence=home / "gone")
    assert len(told()) == 1
    assert registry.aliases("toy") == {"champion": model.version}


def test_a_log_torn_anywhere_still_tells_every_change_that_was_made() -> None:
    first, second = save(), save()
    registry.promote(first)
    file = audit.audit_file("toy")
    before = file.read_bytes()
    registry.promote(second)
    after = file.read_bytes()
    intent = after.index(b"\n", len(before)) + 1
    # Its intent is whole before anything changes; the closing line may be torn anywhere.
    for cut in range(intent, len(after)):
        file.write_bytes(after[:cut])
        assert told()[-1] == ("promote", first.version, second.version, "done")
        assert len(told()) == 2


def test_a_torn_intent_is_passed_over_and_the_next_line_is_whole() -> None:
    first, second = save(), save()
    registry.promote(first)
    file = audit.audit_file("toy")
    whole = file.read_bytes()
    file.write_bytes(whole + b'{"id": "cut sho')
    registry.promote(second)
    assert [row[3] for row in told()] == ["done", "done"]
    # Nothing that was written is ever changed.
    assert file.read_bytes().startswith(whole)


def test_a_reader_without_rights_sees_an_open_change_as_pending(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    registry.promote(save())
    file = audit.audit_file("toy")
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(lines[0])
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert told()[0][3] == "pending"
    assert file.read_bytes() == lines[0]
    monkeypatch.undo()


def test_lines_of_another_kind_are_passed_over() -> None:
    registry.promote(save())
    with audit.audit_file("toy").open("a") as file:
        file.write('[]\n{"id": "x"}\n{"id": "y", "state": "done", "at": "now"}\n')
    assert len(told()) == 1

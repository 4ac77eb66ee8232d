"""Results of proofs: what passes, what is kept, and the page that is made of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.errors import ConfigError
from pipelines.studies import proofs
from pipelines.studies.proof import Check, Effort, Proof, at_least, at_most, told, within
from pipelines.studies.proof_results import (
    FULL,
    SHORT,
    ProofResult,
    keep_result,
    kept_result,
    proofs_page,
    run_proof,
)
from service.cli import run as command


def a_proof(got: float = 1.0) -> Proof:
    def experiment(effort: Effort) -> Iterator[Check]:
        effort.say("working")
        yield at_most("an error", got if effort.short else 0.5, 2.0)
        yield told("another", float("nan"), "nothing in particular")

    return Proof("toy", "Nobody 2020", "It works.", experiment, ("that it always works",))


def test_a_number_passes_when_it_is_within_its_limits_and_never_when_it_is_none() -> None:
    nan = float("nan")
    assert at_most("x", 2.0, 2.0).passed
    assert at_least("x", 2.0, 2.0).passed
    assert within("x", 1.0, 0.0, 1.0).passed
    for check in (at_most("x", 2.1, 2.0), at_least("x", 1.9, 2.0), within("x", -0.1, 0.0, 1.0)):
        assert check.passed is False
    for check in (at_most("x", nan, 2.0), at_least("x", nan, 2.0), within("x", nan, 0.0, 1.0)):
        assert check.passed is False
    assert told("x", nan, "why").passed is None
    assert told("x", nan, "why").shown == "–"
    assert told("x", 2.0 / 3.0, "why").shown == "0.6667"


def test_a_proof_passes_unless_a_number_is_missed() -> None:
    assert run_proof(a_proof(), Effort(short=True)).passed
    assert not run_proof(a_proof(3.0), Effort(short=True)).passed


def test_a_result_comes_back_and_forms_are_kept_apart(tmp_path: Path) -> None:
    result = run_proof(a_proof(), Effort(short=True))
    keep_result(tmp_path, result)
    back = kept_result(tmp_path, "toy", SHORT)
    assert back is not None
    assert back.checks[0] == result.checks[0]
    assert back.checks[1].passed is None
    assert kept_result(tmp_path, "toy", FULL) is None
    assert kept_result(tmp_path, "other", SHORT) is None


def test_the_page_names_claim_numbers_verdict_and_what_is_not_reproduced() -> None:
    results = [run_proof(a_proof(got), Effort(short=True)) for got in (1.0, 3.0)]
    page = proofs_page({"toy": a_proof()}, results)
    assert "## toy: passed" in page
    assert "## toy: FAILED" in page
    assert "| an error | 3 | at most 2 | FAIL |" in page
    assert "Not reproduced, and not asserted: that it always works" in page


def test_every_file_of_the_proofs_holds_one_of_its_own_name() -> None:
    for name, proof in proofs.all_proofs().items():
        assert proof.name == name
        assert Path(proofs.__path__[0], f"{name}.py").is_file()


def test_an_unknown_proof_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"no proof called 'knowledge_tracin' \(did you mean"):
        proofs.chosen_proofs(["knowledge_tracin"])


def replaced(monkeypatch: pytest.MonkeyPatch, proof: Proof) -> None:
    monkeypatch.setattr(proofs, "all_proofs", lambda: {"toy": proof})
    monkeypatch.setattr(proofs, "chosen_proofs", lambda _names: {"toy": proof})


def test_the_command_tells_keeps_and_does_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    replaced(monkeypatch, a_proof())
    words = ["study", "proofs", "--short", "--out", str(tmp_path)]
    assert command(words) == 0
    assert "pass  an error: 1 (at most 2)" in capsys.readouterr().out
    replaced(monkeypatch, a_proof(3.0))
    assert command(words) == 0, "the kept result is told again"
    assert command([*words, "--again"]) == 3
    assert "0 of 1 passed" in capsys.readouterr().out
    assert "## toy: FAILED" in (tmp_path / "proofs.md").read_text("utf-8")


def test_a_result_can_be_read_without_the_number_that_is_none() -> None:
    data = ProofResult("a", FULL, (told("x", float("nan"), "why"),), 1.0, {}).to_json()
    assert data["checks"][0]["got"] is None

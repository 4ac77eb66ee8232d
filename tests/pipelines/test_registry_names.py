"""However a version is named, the same one is found; what cannot be a name is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.errors import ArtefactError
from pipelines import registry
from tests.pipelines.toy_models import save


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("sep", ["@", ":"])
def test_an_alias_may_follow_an_at_or_a_colon(sep: str) -> None:
    first, second, third = save(), save(), save()
    registry.promote(first)
    registry.promote(second)
    registry.challenge(third)
    found = [
        registry.find_model(f"toy{sep}{alias}").version
        for alias in ("champion", "previous", "challenger", "latest", first.version)
    ]
    expected = [second, first, third, third, first]
    assert found == [model.version for model in expected]
    # A name alone is its champion.
    assert registry.find_model("toy").tag == second.tag


def test_without_a_name_the_one_that_is_expected_is_meant() -> None:
    fund, toy = save(name=registry.FUND_SHARPE), save()
    assert registry.find_model("latest").tag == fund.tag
    assert registry.find_model("@latest").tag == fund.tag
    assert registry.find_model("latest", "toy").tag == toy.tag
    assert registry.find_version("toy", toy.version).tag == toy.tag
    with pytest.raises(ArtefactError, match="expected a version of 'toy', got one of 'fund-sharp"):
        registry.find_version("toy", "fund-sharpe@latest")


def test_a_name_that_was_never_trained_says_how_to() -> None:
    with pytest.raises(ArtefactError, match="halyard train thermosphere-density"):
        registry.find_model("thermosphere-density")


@pytest.mark.parametrize("alias", ["champion", "challenger", "previous"])
def test_an_alias_that_nobody_holds_says_which_verb_gives_it(alias: str) -> None:
    model = save()
    verb = "challenge" if alias == "challenger" else "promote"
    with pytest.raises(ArtefactError, match=f"no {alias} of 'toy' yet.*models {verb} toy"):
        registry.find_model(f"toy@{alias}")
    with pytest.raises(ArtefactError, match=f"no version ''.*{model.version}"):
        registry.find_model("toy@")


def test_no_name_or_version_leads_out_of_the_store(home: Path) -> None:
    model = save()
    (home / "outside").mkdir()
    with pytest.raises(ArtefactError, match="no model can be called"):
        registry.get_model("../../outside", model.version)
    with pytest.raises(ArtefactError, match=r"no version '\.\./toy/"):
        registry.get_model("toy", f"../toy/{model.version}")
    with pytest.raises(ArtefactError, match="no model can be called"):
        registry.audit_records("../toy")

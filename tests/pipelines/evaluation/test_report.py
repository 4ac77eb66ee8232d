"""The report: one safe file that needs nothing else and says what it must."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import polars as pl
import pytest

from pipelines.evaluation.about import ReportAbout
from pipelines.evaluation.evaluate import evaluate
from pipelines.evaluation.page import flat
from pipelines.evaluation.report import render_report
from pipelines.evaluation.report_figures import best_baseline
from pipelines.evaluation.verdict import judge
from tests.pipelines.evaluation.tables import ROLES, about_contest, contest_table

HOSTILE = "<img src=x onerror=alert(1)>"


def render(table: pl.DataFrame, about: ReportAbout) -> str:
    found = evaluate(table, about.roles, about.seed)
    return render_report(table, found, judge(found), about)


@pytest.fixture(scope="module")
def page() -> str:
    return render(contest_table(), about_contest())


class Page(HTMLParser):
    """Every tag, attribute and id of a page; complains when tags do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta", "br"}:
            self.open.append(tag)
        self.handle_startendtag(tag, attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        self.ids += [str(value) for name, value in attrs if name == "id"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_needs_nothing_from_outside(page: str) -> None:
    found = Page(page)
    assert not found.tags & {"script", "link", "iframe", "img", "object"}
    led = [value for name, value in found.attributes if name in {"src", "href", "xlink:href"}]
    assert led
    assert all(value is not None and value.startswith("#") for value in led)
    assert "@import" not in page
    assert not re.search(r"url\((?!#)", page)


def test_tags_match_and_ids_are_unique(page: str) -> None:
    found = Page(page)
    assert found.open == []
    assert len(found.ids) == len(set(found.ids))


def test_it_states_verdict_data_seed_settings_and_notes(page: str) -> None:
    for text in (
        "The ens is more accurate than every baseline",
        "sha256:0123",
        "Networks were refitted at every fourth origin.",
        "model.horizons",
        "mean of networks",
        "packages.numpy",
        "25.0 %",
        "Slow models (slow) ran on 3 series drawn at random",
    ):
        assert text in page


def test_every_figure_is_there(page: str) -> None:
    figures = re.findall(r'<figure id="figure-([\w-]+)"', page)
    assert figures == ["error", "reliability", "pit", "fans-0", "fans-1", "rank-ic", "deciles"]
    assert page.count("<svg") == len(figures)


def test_names_from_data_are_escaped() -> None:
    table = contest_table().with_columns(
        pl.col("model").replace("mean", HOSTILE),
        pl.col("target").replace("rolling", HOSTILE),
        series=pl.lit(HOSTILE) + pl.col("series"),
    )
    about = about_contest(
        reference=("ens", "lstm"),
        baselines=(HOSTILE,),
        title=HOSTILE,
        question=HOSTILE,
        notes=(HOSTILE,),
        data_hash=HOSTILE,
        config={HOSTILE: HOSTILE},
        models={HOSTILE: HOSTILE},
        versions={HOSTILE: [HOSTILE]},
        attrition=((HOSTILE, 1, 1),),
        period=HOSTILE,
    )
    page = render(table, about)
    assert "<img" not in page
    assert "&lt;img src=x" in page
    assert "img" not in Page(page).tags


def test_the_same_forecasts_give_the_same_page(page: str) -> None:
    assert render(contest_table(), about_contest()) == page


def test_a_table_without_sample_baselines_or_facts_still_makes_a_page() -> None:
    table = contest_table(targets=["rolling"], noise={"ens": 0.3, "lstm": 0.5})
    about = ReportAbout({}, "none", 0, reference=("ens",), baselines=())
    page = render(table, about)
    assert "All rivals at once" not in page
    assert "Attrition" not in page
    assert "Slow models" not in page
    assert "Outcomes (rolling, 6 months ahead)" in page


def test_attrition_lists_the_years_in_which_series_ended(page: str) -> None:
    rows = page[page.index("<h3>Attrition") : page.index("<h3>Settings")]
    assert '<th scope="row">2001</th><td>12</td><td>3</td><td>25.0 %</td>' in rows
    assert "2002" not in rows


def test_a_table_of_survivors_is_called_so() -> None:
    table = contest_table(targets=["rolling"], noise={"ens": 0.3, "lstm": 0.5})
    years = (("2001", 12, 0), ("2002", 12, 0))
    about = ReportAbout({}, "none", 0, reference=("ens",), baselines=(), attrition=years)
    assert "No series ends before the data do, in any of 2 years." in render(table, about)


def test_one_origin_makes_a_page_too() -> None:
    assert "too few origins" in render(contest_table(origins=1), about_contest())


def test_the_best_baseline_has_the_best_mean_place() -> None:
    found = evaluate(contest_table(), ROLES, seed=0)
    assert best_baseline(found) == "mean"
    noise = {"ens": 0.3, "mean": 1.0, "slow": 1.2, "ar": 0.4}
    roles = type(ROLES)(("ens",), ("mean", "ar"))
    assert best_baseline(evaluate(contest_table(noise=noise), roles, seed=0)) == "ar"


def test_settings_are_listed_by_dotted_key() -> None:
    config = {"a": {"b": [1, 2], "c": None}, "d": "text", "e": True}
    assert list(flat(config)) == [("a.b", "1, 2"), ("a.c", "none"), ("d", "text"), ("e", "True")]


def test_a_variance_that_is_not_positive_is_told() -> None:
    found = evaluate(contest_table(origins=4), ROLES, seed=0)
    bartlett = sum(row["method"] == "dm_hln_bartlett" for row in found.tests)
    assert bartlett
    page = render_report(contest_table(origins=4), found, judge(found), about_contest())
    assert f"In {bartlett} of {len(found.tests) // 3} tests the paper" in page

"""One page per run: what was decided, on what evidence; and the step that ends a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipelines.atomic import write_text
from pipelines.evaluation.page import Picture, Table, flat, number, page_environment
from pipelines.retraining.domain import Comparison
from pipelines.retraining.report_figures import pictures_of
from pipelines.retraining.report_tables import leads_table, times_table

if TYPE_CHECKING:
    from pipelines.retraining.folder import Result, RunFolder
    from pipelines.retraining.pipeline import Run

TITLES = {"fund-sharpe": "Fund Sharpe ratios", "thermosphere-density": "Thermosphere density"}
#: Decision -> headline. The words are those of the table of runs.
HEADLINES = {
    "not needed": "No new model is needed",
    "kept": "The champion stays: the challenger is not better",
    "refused": "The champion stays: the winner was not put in charge",
    "challenger": "The challenger won and waits for a person to promote it",
    "promoted": "The challenger won and is the champion from now on",
}


def record(run: Run) -> Result:
    """Name the decision and write the page. {"decision", "why"}."""
    decision, why = conclude(run)
    write_text(run.folder.report, page(run.folder, run.domain.name, decision, why))
    return {"decision": decision, "why": why}


def conclude(run: Run) -> tuple[str, str]:
    """The decision in one word of HEADLINES, and why."""
    decided = run.result("decide")
    if not decided["go_on"]:
        return "not needed", "; ".join(decided["reasons"])
    judged = run.result("judge")
    if not judged["wins"]:
        return "kept", judged["why"]
    packaged = run.result("package")
    if not packaged["passed"]:
        return "refused", packaged["why"]
    end = run.result("promote")
    if end["promoted"]:
        return "promoted", judged["why"]
    return ("challenger" if end["as"] else "refused"), end["why"]


def page(folder: RunFolder, name: str, decision: str, why: str) -> str:
    """The report as one self-contained HTML page."""
    plan, results = folder.plan() or {}, _results(folder)
    comparison = _comparison(results)
    template = page_environment("pipelines.retraining").get_template("retraining.html.j2")
    return template.render(
        about={
            "title": f"{TITLES.get(name, name)}: retraining {folder.run_id}",
            "question": "Is a new model needed, and is it better than the one that answers now, "
            "on dates that neither had seen?",
        },
        verdict={"headline": HEADLINES[decision], "sentences": [_sentence(why)]},
        strip=_strip(plan, results),
        colours={},
        pictures=_pictures(comparison),
        needed=[_sentence(text) for text in results["decide"]["reasons"]],
        remarks=results["validate"]["remarks"],
        drift=results["drift"]["sentences"],
        tuned=results["tune"].get("sentences", []),
        notes=() if comparison is None else comparison.notes,
        checks=results["judge"].get("checks", []),
        table=_table(results, comparison),
        changed=changed_settings(plan, results),
        settings=list(flat(plan["told"]["settings"])),
        model=list(flat(results["tune"].get("settings", plan["challenger"]))),
        times=times_table(folder.seconds()),
    )


def changed_settings(plan: Mapping[str, Any], results: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Settings that tuning changed: name, "old → new"."""
    before = dict(flat(plan["challenger"]))
    after = dict(flat(results["tune"].get("settings", plan["challenger"])))
    return [
        (name, f"{before.get(name, '–')} → {value}")
        for name, value in after.items()
        if before.get(name) != value
    ]


def _results(folder: RunFolder) -> dict[str, Any]:
    names = ("validate", "drift", "decide", "tune", "backtest", "latency", "judge", "package")
    return {name: folder.result(name) or {} for name in names}


def _comparison(results: Mapping[str, Any]) -> Comparison | None:
    found = results["backtest"]
    return Comparison.from_json(found) if "series" in found else None


def _pictures(comparison: Comparison | None) -> list[Picture]:
    return [] if comparison is None else pictures_of(comparison)


def _table(results: Mapping[str, Any], comparison: Comparison | None) -> Table | None:
    judged = results["judge"]
    if comparison is None or "accuracy" not in judged:
        return None
    return leads_table(comparison, judged["accuracy"])


def _strip(plan: Mapping[str, Any], results: Mapping[str, Any]) -> list[tuple[str, str]]:
    data, facts = plan["told"]["data"], results["decide"]["facts"]
    latency = results["latency"].get("ratio")
    shown = [
        ("data", f"{data['first']} to {data['last']}"),
        ("champion", plan["champion"] or "none"),
        ("its age", "–" if facts["age"] is None else f"{facts['age']} {facts['unit']}s"),
        ("saved as", results["package"].get("version", "–")),
        ("time of a batch", "–" if latency is None else f"{number(latency, 2)} × champion's"),
    ]
    return [(key, str(value)) for key, value in shown]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"

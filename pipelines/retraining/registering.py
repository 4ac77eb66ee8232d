"""The two steps that touch the registry; each leaves it the same however often it is done."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from models.errors import ArtefactError, ModelError
from pipelines import registry
from pipelines.retraining.domain import CHALLENGER, CHAMPION, UnfitError
from pipelines.selection import SELECTION, with_selection

if TYPE_CHECKING:
    from pipelines.retraining.folder import Result
    from pipelines.retraining.pipeline import Run

#: Who decided, in the audit log.
ACTOR = "halyard retrain"


def package(run: Run) -> Result:
    """Fit the winner on all data, check it, and save it once.

    {"passed", "final_error", "why", "version", "tag"}; without the last two when it failed.
    """
    limit = run.settings.promotion.final_ratio
    saved = registry.saved_by(run.domain.name, run.folder.run_id)
    try:
        error = run.domain.final_error(run.folder, run.chosen, run.deadline)
    except UnfitError as unfit:
        return {"passed": False, "final_error": None, "why": f"the final model is unfit: {unfit}"}
    # Not "error > limit": what is no number does not pass.
    if not error <= limit:
        why = (
            f"the model fitted on all data errs {error:.2f} times as much on dates that it has "
            f"seen as the challenger did unseen, more than {limit:g}: its fit failed"
        )
        return {"passed": False, "final_error": _plain(error), "why": why}
    if saved is None:
        saved = run.domain.store(run.folder, run.chosen, _lineage(run))
    why = f"it errs {error:.2f} times as much on dates seen as the challenger did unseen"
    return {
        "passed": True,
        "final_error": error,
        "why": why,
        "version": saved.version,
        "tag": saved.tag,
    }


def promote(run: Run) -> Result:
    """Put the saved version in charge, unless the champion is not who was beaten.

    {"promoted", "as", "why"}: as champion, as challenger, or not at all.
    """
    model = registry.get_model(run.domain.name, run.result("package")["version"])
    why = f"retraining {run.folder.run_id}: {run.result('judge')['why']}"
    evidence = run.folder.step_file("judge")
    if not (run.settings.promotion.automatic and run.domain.servable):
        if _record(model, "challenge") is None:
            registry.challenge(model, why=why, evidence=evidence)
        said = f"the winner waits for `halyard models promote {model.tag}`"
        return {"promoted": False, "as": CHALLENGER, "why": said}
    if _record(model, "promote") is not None:
        return {"promoted": True, "as": CHAMPION, "why": why}
    beaten = None if run.domain.champion is None else run.domain.champion.version
    try:
        # Under the lock of the registry, so that nobody else is put aside.
        registry.promote(model, why=why, evidence=evidence, actor=ACTOR, over=(beaten,))
    except ModelError as error:
        if isinstance(error, ArtefactError):
            raise
        said = f"the winner stays stored: {error}"
        return {"promoted": False, "as": None, "why": said}
    return {"promoted": True, "as": CHAMPION, "why": why}


def _record(model: registry.StoredModel, action: str) -> dict[str, Any] | None:
    """The log's entry that put a version in place: of a step that was killed after it."""
    for record in registry.audit_records(model.name):
        made = record["action"] == action and record["state"] == "done"
        if made and record["to"] == model.version:
            return dict(record)
    return None


def _lineage(run: Run) -> Result:
    champion = run.domain.champion
    return {
        "metrics": with_selection(run.comparison.metrics, _selection(run)),
        "parent": None if champion is None else champion.tag,
        "study": run.result("tune")["study"],
        "run": run.folder.run_id,
    }


def _selection(run: Run) -> Result | None:
    """How the settings were chosen: by the search of this run, else by whoever chose those of the
    champion, where they are the same still."""
    champion, tuned = run.domain.champion, run.result("tune")
    if tuned["study"] is not None:
        found: Result | None = tuned.get("selection")
        return found
    same = champion is not None and _as_stored(run.chosen) == champion.metadata["config"]
    return champion.metadata["metrics"].get(SELECTION) if champion and same else None


def _as_stored(settings: Result) -> Any:
    return json.loads(json.dumps(settings))


def _plain(value: float) -> float | None:
    """A number that JSON can hold."""
    return value if abs(value) < float("inf") else None

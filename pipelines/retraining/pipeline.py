"""The chain of steps. Each is done once, in order, and its result is what the next one reads.

A killed run goes on at the step that has no result; a step may be repeated, because what it
leaves outside its result is found again: fits by their key, the saved version by the run
that saved it, the promotion in the audit log.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from models.errors import ConfigError
from pipelines.retraining.deadline import Deadline, OutOfTimeError
from pipelines.retraining.decide import decide
from pipelines.retraining.domain import Comparison, Domain, UnfitError
from pipelines.retraining.folder import Result, RunFolder
from pipelines.retraining.judge import judge
from pipelines.retraining.settings import RetrainSettings


@dataclass(frozen=True)
class Run:
    """All that a step needs.

    if_needed  end after the decision when no new model is needed
    say        told one line at a time
    """

    folder: RunFolder
    domain: Domain
    settings: RetrainSettings
    deadline: Deadline
    if_needed: bool = False
    say: Callable[[str], None] = lambda _line: None

    def result(self, step: str) -> dict[str, Any]:
        """What an earlier step found. Raises ConfigError when it is not done."""
        found = self.folder.result(step)
        if found is None:
            raise ConfigError(
                f"run {self.folder.run_id}: step {step} is not done yet; run it first, with "
                f"--only-step {step}, or leave --only-step out"
            )
        return found

    @property
    def chosen(self) -> Result:
        """Settings of the challenger, after tuning."""
        settings: Result = self.result("tune")["settings"]
        return settings

    @property
    def comparison(self) -> Comparison:
        return Comparison.from_json(self.result("backtest"))


def validate(run: Run) -> Result:
    return {"data": run.domain.data(), "remarks": list(run.domain.validate())}


def drift(run: Run) -> Result:
    return run.domain.drift()


def decision(run: Run) -> Result:
    need = run.settings.need
    return decide(run.domain.facts(), run.result("drift"), need, if_needed=run.if_needed)


def tune(run: Run) -> Result:
    if run.settings.tuning.trials == 0:
        said = ["No trials were asked for: the settings stay as they are."]
        return {"settings": run.domain.challenger(), "study": None, "sentences": said}
    return run.domain.tune(run.folder, run.deadline)


def train(run: Run) -> Result:
    try:
        return run.domain.train(run.folder, run.chosen, run.deadline)
    except UnfitError as error:
        return {"unfit": str(error)}


def backtest(run: Run) -> Result:
    try:
        return run.domain.compare(run.folder, run.chosen, run.deadline).to_json()
    except UnfitError as error:
        return {"unfit": str(error)}


def latency(run: Run) -> Result:
    champion, challenger = run.domain.seconds(run.folder, run.chosen)
    ratio = challenger / champion
    return {"champion": champion, "challenger": challenger, "ratio": ratio}


def verdict(run: Run) -> Result:
    unfit = run.result("train").get("unfit") or run.result("backtest").get("unfit")
    if unfit is not None:
        return {"wins": False, "why": f"the challenger is unfit: {unfit}", "checks": []}
    facts = run.result("decide")["facts"]
    return judge(
        run.comparison,
        run.result("latency")["ratio"],
        run.settings.promotion,
        age=facts["age"],
        unit=facts["unit"],
    )


Step = Callable[[Run], Result]


def steps() -> Mapping[str, Step]:
    """Every step by name, in order."""
    from pipelines.retraining.registering import package, promote
    from pipelines.retraining.report import record

    return {
        "validate": validate,
        "drift": drift,
        "decide": decision,
        "tune": tune,
        "train": train,
        "backtest": backtest,
        "latency": latency,
        "judge": verdict,
        "package": package,
        "promote": promote,
        "record": record,
    }


#: Steps that a run without need for a new model, or without a winner, leaves out.
_MAKING = ("tune", "train", "backtest", "latency", "judge", "package", "promote")
_GOING_LIVE = ("package", "promote")


def run_steps(run: Run, only: str | None = None) -> bool:
    """Do what is not done yet, or one step alone; returns whether the run is finished.

    Raises OutOfTimeError at the deadline, ConfigError for an unknown step or one whose turn has
    not come.
    """
    known = steps()
    if only is not None and only not in known:
        raise ConfigError(f"--only-step: expected one of {', '.join(known)}; got {only!r}")
    for name, step in known.items():
        if only is not None and name != only:
            if name == _before(only, tuple(known)):
                run.result(name)
            continue
        if run.folder.result(name) is None:
            _do(run, name, step)
    return run.folder.result("record") is not None


def _before(step: str, names: tuple[str, ...]) -> str | None:
    place = names.index(step)
    return names[place - 1] if place else None


def _do(run: Run, name: str, step: Step) -> None:
    reason = _left_out(run, name)
    if reason is not None:
        run.folder.keep(name, {"skipped": reason})
        return
    run.say(f"{name} ...")
    begun, end = time.monotonic(), "failed"
    try:
        result = step(run)
        end = "done"
    except OutOfTimeError:
        end = "stopped"
        raise
    finally:
        run.folder.note_time(name, time.monotonic() - begun, end)
    run.folder.keep(name, result)


def _left_out(run: Run, name: str) -> str | None:
    """Why a step has nothing to do."""
    if name in _MAKING and not run.result("decide")["go_on"]:
        return "no new model is needed"
    if name in ("backtest", "latency") and _unfit(run, name):
        return "the challenger is unfit"
    if name in _GOING_LIVE and not run.result("judge")["wins"]:
        return "the challenger did not win"
    if name == "promote" and not run.result("package")["passed"]:
        return "the final model did not pass"
    return None


def _unfit(run: Run, name: str) -> bool:
    before = ("train",) if name == "backtest" else ("train", "backtest")
    return any("unfit" in run.result(step) for step in before)

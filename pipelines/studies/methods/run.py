"""The contest: method after method, each kept in a file, so that a stopped run goes on."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import ConfigError, ModelError
from pipelines.atomic import write_text
from pipelines.provenance import provenance
from pipelines.studies.methods.contest import (
    MADE_OF,
    Arena,
    Fairness,
    MethodRecord,
    other_cells,
)
from pipelines.studies.same_settings import keep_settings

#: The method that costs are measured against.
YARDSTICK = "lstm"
#: Turns of a step of both.
TURNS = 5
Say = Callable[[str], None]


def run_contest(
    arena: Arena, fair: Fairness, folder: Path, names: Sequence[str], say: Say
) -> list[MethodRecord]:
    """Records of these methods, or of all without any; what is kept already is not done again.

    Raises ConfigError for an unknown name, and when the folder holds a contest with other
    settings.
    """
    _check_names(arena, names)
    keep_settings(folder / arena.job, {**asdict(fair), "data_hash": arena.data_hash})
    remade = sorted(file.stem for file in (folder / arena.job).glob(f"{MADE_OF}*.json"))
    chosen, records = names or [*arena.others, *remade, *arena.methods], []
    for place, name in enumerate(chosen, start=1):
        file = folder / arena.job / f"{name}.json"
        if file.is_file():
            records.append(MethodRecord.from_json(json.loads(file.read_text("utf-8"))))
            continue
        say(f"{arena.job}: {name} ({place} of {len(chosen)}) ...")
        try:
            record = _record(arena, name, fair, folder / arena.job, say)
        except ModelError as error:
            say(f"  left out: {error}")
            continue
        write_text(file, json.dumps(record.to_json()) + "\n")
        records.append(record)
    return records


def _check_names(arena: Arena, names: Sequence[str]) -> None:
    everyone = [*arena.others, *arena.methods]
    for name in names:
        wrong = [cell for cell in other_cells(name) if cell not in arena.methods]
        if wrong or not (name in everyone or other_cells(name)):
            raise ConfigError(
                f"--only: no method called {(wrong or [name])[0]!r} in {arena.job}; known: "
                f"{', '.join(everyone)}, and {MADE_OF}KIND+KIND of these"
            )


def _record(arena: Arena, name: str, fair: Fairness, folder: Path, say: Say) -> MethodRecord:
    if name in arena.others or other_cells(name):
        judged = arena.judge_other(name)
        return MethodRecord(arena.job, name, 0, 0, (), {}, judged, 0.0, provenance())
    hidden, parameters = arena.size(name, fair.budget)
    trials = _trials(arena, name, hidden, fair, folder, say)
    best = min(trials, key=lambda trial: _number(trial["loss"]))["params"]
    judged = arena.judge(name, hidden, best, fair)
    ratio = step_ratio(arena, name, fair.budget)
    return MethodRecord(
        arena.job, name, hidden, parameters, trials, best, judged, ratio, provenance()
    )


def _trials(
    arena: Arena, name: str, hidden: int, fair: Fairness, folder: Path, say: Say
) -> tuple[Mapping[str, Any], ...]:
    """Loss of every draw; each is kept as soon as it is known."""
    file = folder / f".{name}.trials.json"
    done = json.loads(file.read_text("utf-8")) if file.is_file() else []
    for place, params in enumerate(arena.draws(fair)):
        if place < len(done):
            continue
        try:
            loss = arena.tuning_loss(name, hidden, params, fair.seed)
        except ModelError as error:
            say(f"  trial {place}: {error}")
            loss = float("nan")
        done.append({"params": dict(params), "loss": loss if np.isfinite(loss) else None})
        write_text(file, json.dumps(done))
        say(f"  trial {place + 1} of {fair.trials}: {loss:.4f}")
    if all(trial["loss"] is None for trial in done):
        raise ModelError(f"{name}: no trial of {arena.job} came to a loss that is a number")
    file.unlink(missing_ok=True)
    return tuple(done)


def step_ratio(arena: Arena, name: str, budget: int) -> float:
    """Median over turns of a training step's time over that of the yardstick."""
    if name == YARDSTICK:
        return 1.0
    own, other = arena.size(name, budget)[0], arena.size(YARDSTICK, budget)[0]
    turns = [
        arena.step_seconds(name, own) / arena.step_seconds(YARDSTICK, other) for _ in range(TURNS)
    ]
    return round(statistics.median(turns), 2)


def _number(loss: float | None) -> float:
    return float("inf") if loss is None else loss

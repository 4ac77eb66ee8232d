"""Fitted models of a run, each made once: a folder under a key of its settings and its cut."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from models.contract import State
from pipelines.artefacts import load_state, save_state
from pipelines.retraining.deadline import Deadline
from pipelines.retraining.folder import RunFolder


def fit_key(settings: Mapping[str, Any], cut: str) -> str:
    """Name of a fit: the same settings at the same cut are one, whoever asks."""
    text = json.dumps([settings, cut], sort_keys=True, default=list)
    return f"{cut.lower().replace(':', '')}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def fit_once(
    folder: RunFolder, key: str, deadline: Deadline, make: Callable[[], State]
) -> tuple[State, bool]:
    """The fit under a key, made unless it is there; and whether it was made now.

    Raises OutOfTimeError when the deadline leaves too little time to make it.
    """
    place: Path = folder.path / "fits" / key
    if place.is_dir():
        return load_state(place), False
    deadline.check("fit another model")
    save_state(make(), place)
    deadline.done()
    return load_state(place), True

"""A stopped study goes on only under the settings that its results were made with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.errors import ConfigError
from pipelines.atomic import write_text

FILE = "settings.json"


def keep_settings(folder: Path, settings: Mapping[str, Any]) -> None:
    """Keep them beside the first result, as JSON.

    Raises ConfigError where the folder has results of other settings: it names those that differ.
    """
    mine, file = json.loads(json.dumps(settings)), folder / FILE
    if not file.is_file():
        write_text(file, json.dumps(mine) + "\n")
        return
    kept = json.loads(file.read_text("utf-8"))
    apart = sorted(name for name in {**kept, **mine} if kept.get(name) != mine.get(name))
    if apart:
        raise ConfigError(
            f"{folder}: holds a study with other settings ({', '.join(apart)}); give another "
            "--out, or the same settings"
        )

"""Moments as requests write them: ISO 8601 in UTC, such as 2003-11-20T12:00:00Z."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import StringConstraints

EPOCH_PATTERN = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?(Z|\+00:00)?$"
EPOCH_WORDS = 'expected a moment in UTC like "2003-11-20T12:00:00Z"'

Epoch = Annotated[str, StringConstraints(pattern=EPOCH_PATTERN)]
EpochArray = npt.NDArray[np.datetime64]


def read_epoch(text: str) -> np.datetime64:
    """A moment, datetime64[us]. Raises ValueError for a day or an hour that does not exist."""
    return np.datetime64(text.removesuffix("Z").removesuffix("+00:00"), "us")


def read_epochs(texts: Sequence[str]) -> tuple[EpochArray, list[int]]:
    """Moments, and the places of those that do not exist (2003-02-30), which are NaT."""
    bare = [text.removesuffix("Z").removesuffix("+00:00") for text in texts]
    try:
        return np.array(bare, dtype="datetime64[us]"), []
    except ValueError:
        pass
    epochs = np.full(len(bare), "NaT", dtype="datetime64[us]")
    wrong = []
    for index, text in enumerate(bare):
        try:
            epochs[index] = np.datetime64(text, "us")
        except ValueError:
            wrong.append(index)
    return epochs, wrong


def epoch_text(moment: np.datetime64) -> str:
    """A moment as an answer writes it, to the second."""
    return f"{moment.astype('datetime64[s]')}Z"

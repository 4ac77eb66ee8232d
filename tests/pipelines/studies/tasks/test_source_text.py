"""Characters of the standard library as symbols."""

from __future__ import annotations

import numpy as np

from pipelines.studies.tasks.source_text import SYMBOLS, source_text


def test_the_text_is_long_and_its_symbols_are_those_announced() -> None:
    train, test = source_text()
    assert len(train) > 400_000
    assert len(test) > 40_000
    both = np.concatenate([train, test])
    assert both.min() >= 0
    assert both.max() < SYMBOLS
    text = "".join(chr(32 + code) if code < 95 else "\n" for code in train[:20_000])
    assert "import" in text
    assert "def " in text

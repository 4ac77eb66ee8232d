"""The proof of signatures, in full too: it takes a second."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from pipelines.studies.proof import Effort
from pipelines.studies.proofs import signatures
from pipelines.studies.proofs.signatures import PROOF


def test_every_number_of_the_full_form_is_reached() -> None:
    checks = list(PROOF.run(Effort(short=False)))
    assert len(checks) >= 12
    assert [check for check in checks if not check.passed] == []


def test_a_term_that_is_wrong_by_a_millionth_would_be_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = signatures.signature

    def wrong(path: torch.Tensor, depth: int, engine: Any = "auto") -> torch.Tensor:
        terms = right(path, depth, engine).clone()
        terms[..., -1] *= 1.0 + 1e-6
        return terms

    monkeypatch.setattr(signatures, "signature", wrong)
    failed = {c.what.split(":")[0] for c in PROOF.run(Effort(short=True)) if not c.passed}
    assert failed >= {"straight line against its closed form", "two halves, chained"}

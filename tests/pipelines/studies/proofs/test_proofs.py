"""Every proof reaches its numbers: the short forms here, the full ones in the slow tests."""

from __future__ import annotations

import pytest
import torch

from pipelines.studies.proof import Effort, Proof
from pipelines.studies.proof_results import run_proof
from pipelines.studies.proofs import all_proofs

PROOFS = all_proofs()
#: Proof -> numbers of its full form that it does not reach, each for itself, and says so.
MISSED = {"lstm_variants": ["FGR minus vanilla, normal start, nats"]}


def missed(proof: Proof, *, short: bool) -> list[str]:
    """What was not reached, in words."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        result = run_proof(proof, Effort(short))
    finally:
        torch.set_num_threads(threads)
    assert any(check.passed is not None for check in result.checks), "nothing is asserted"
    return [
        f"{check.what}: {check.got:.4g}, wanted {check.wanted}"
        for check in result.checks
        if check.passed is False
    ]


@pytest.mark.parametrize("name", PROOFS)
def test_the_short_form_of_a_proof_reaches_its_numbers(name: str) -> None:
    assert missed(PROOFS[name], short=True) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", PROOFS)
def test_the_full_form_of_a_proof_misses_what_is_said_and_no_more(name: str) -> None:
    found = [line.partition(":")[0] for line in missed(PROOFS[name], short=False)]
    assert found == MISSED.get(name, [])

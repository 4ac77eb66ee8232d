"""What a cell of our own costs against torch's fused layer, measured side by side."""

from __future__ import annotations

import torch

from benchmarks.cell_speed import WANTED, speeds


def test_a_training_step_of_our_lstm_is_at_least_a_tenth_as_fast_as_the_fused_one() -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        found = speeds(["peephole_lstm", "peephole_lstm_fgr"], repeats=7)
    finally:
        torch.set_num_threads(threads)
    assert min(found.values()) >= WANTED

"""Chorales as they are published, and the likelihood in the unit of the literature."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.studies.tasks.chorale_model import ChoraleModel, uniform_start
from pipelines.studies.tasks.jsb_chorales import FILE, KEYS, batch_of, load_chorales, nats

ROOT = Path(__file__).parents[4]
SOURCE = ROOT.parent / "shared" / "data" / "sequences" / "JSB_Chorales.mat"


def test_the_split_is_the_published_one() -> None:
    data = load_chorales()
    assert [len(part) for part in (data.train, data.valid, data.test)] == [229, 76, 77]
    steps = [sum(map(len, part)) for part in (data.train, data.valid, data.test)]
    assert steps == [13_807, 4_602, 4_725]
    notes = np.concatenate(data.train)
    assert notes.shape[1] == KEYS
    assert set(np.unique(notes)) == {0.0, 1.0}
    # Four voices, sometimes in unison.
    assert 3.5 < notes.sum(axis=1).mean() < 4.0


@pytest.mark.skipif(not SOURCE.exists(), reason="the file as published is not here")
def test_what_is_embedded_is_the_published_file_bit_by_bit() -> None:
    from scipy.io import loadmat

    found, data = loadmat(SOURCE), load_chorales()
    for part, chorales in (("train", data.train), ("valid", data.valid), ("test", data.test)):
        published = found[f"{part}data"].ravel()
        assert len(published) == len(chorales)
        assert all(np.array_equal(*pair) for pair in zip(published, chorales, strict=True))


def test_the_licence_that_goes_with_the_data_is_told() -> None:
    notice = (ROOT / "NOTICE").read_text("utf-8")
    assert f"pipelines/studies/tasks/{FILE}" in notice
    assert "Copyright (c) 2018 CMU Locus Lab" in notice
    assert "shall be included in all" in notice


def test_a_batch_reads_each_step_and_forecasts_the_next() -> None:
    first, second = np.eye(3, KEYS, dtype=np.float32), np.eye(2, KEYS, k=5, dtype=np.float32)
    batch = batch_of([first, second])
    assert torch.equal(batch.seen[0], torch.from_numpy(first[:-1]))
    assert torch.equal(batch.wanted[0], torch.from_numpy(first[1:]))
    assert batch.mask.tolist() == [[1, 1], [1, 0]]


def test_the_error_of_no_idea_is_the_logarithm_of_two_for_each_key_and_padding_counts_nothing() -> (
    None
):
    batch = batch_of([np.eye(3, KEYS, dtype=np.float32), np.eye(2, KEYS, dtype=np.float32)])
    odds = torch.zeros_like(batch.wanted)
    assert float(nats(odds, batch)) == pytest.approx(KEYS * math.log(2))
    odds[1, 1] = 50.0
    assert float(nats(odds, batch)) == pytest.approx(KEYS * math.log(2))


def test_outputs_begin_at_how_often_each_key_sounds() -> None:
    frequency = torch.full((KEYS,), 0.25)
    frequency[0] = 0.0
    model = ChoraleModel("gru", 4, frequency)
    with torch.no_grad():
        model.output.weight.zero_()
        given = torch.sigmoid(model(torch.zeros(1, 2, KEYS)))
    torch.testing.assert_close(given[0, 0, 1:], frequency[1:])
    assert 0 < float(given[0, 0, 0]) < 1e-3


def test_a_uniform_start_is_that_of_the_layers_of_torch() -> None:
    torch.manual_seed(0)
    ours = ChoraleModel("tanh", 100, torch.full((KEYS,), 0.1)).backbone
    uniform_start(ours)
    theirs = torch.nn.RNN(KEYS, 100)
    for weights in (*ours.parameters(), *theirs.parameters()):
        assert 0.09 < float(weights.detach().abs().max()) <= 0.1

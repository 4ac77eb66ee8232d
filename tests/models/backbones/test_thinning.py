"""Dropout of a sequence: masks of every step, or of all of them."""

from __future__ import annotations

import torch
from torch import nn

from models.backbones.thinning import thinned

ONES = torch.ones(3, 50, 64)


def test_variational_dropout_hides_the_same_units_at_every_step() -> None:
    torch.manual_seed(0)
    kept = thinned(ONES, nn.Dropout(0.5), variational=True)
    hidden = (kept == 0).float()
    assert 0.2 < float(hidden.mean()) < 0.8
    assert (hidden == hidden[:, :1]).all()
    assert not torch.equal(hidden[0], hidden[1])
    assert set(kept.unique().tolist()) == {0.0, 2.0}


def test_without_it_every_step_has_its_own_and_at_rest_nothing_is_hidden() -> None:
    torch.manual_seed(0)
    hidden = thinned(ONES, nn.Dropout(0.5), variational=False) == 0
    assert not (hidden == hidden[:, :1]).all()
    for variational in (True, False):
        assert torch.equal(thinned(ONES, nn.Dropout(0.5).eval(), variational=variational), ONES)

"""The one table of backbones: name -> what makes it. Every cell of `models.cells` is one too.

To add an architecture: one file, one line here; the contract tests run every entry, in both
kinds of forecasters.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from models.backbones.base import Backbone, Shape
from models.backbones.bidirectional import BidirectionalGRU, BidirectionalLSTM
from models.backbones.block_recurrent import BlockRecurrent
from models.backbones.cell_stack import CellStack
from models.backbones.gated_convolution import GATED_CONVOLUTIONS
from models.backbones.options import BackboneOptions
from models.backbones.recurrent import GRU, LSTM
from models.backbones.signature import Signature
from models.cells.catalogue import CELLS
from models.errors import ConfigError

MakeBackbone = Callable[[Shape, BackboneOptions], Backbone]

BACKBONES: dict[str, MakeBackbone] = {
    "lstm": LSTM,
    "gru": GRU,
    "bidirectional_lstm": BidirectionalLSTM,
    "bidirectional_gru": BidirectionalGRU,
    "signature": Signature,
    **GATED_CONVOLUTIONS,
    "block_recurrent": BlockRecurrent,
    **{name: partial(CellStack, make=cell) for name, cell in CELLS.items()},
}
#: Those that read whole windows only.
WINDOWS_ONLY: frozenset[str] = frozenset({"bidirectional_lstm", "bidirectional_gru"})


def make_backbone(name: str, shape: Shape, options: BackboneOptions | None = None) -> Backbone:
    """Raises ConfigError for an unknown name."""
    if name not in BACKBONES:
        raise ConfigError(f"no backbone called {name!r}; known: {', '.join(BACKBONES)}")
    return BACKBONES[name](shape, options or BackboneOptions())

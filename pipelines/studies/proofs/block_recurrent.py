"""What state vectors between blocks remember, and attention within a window does not."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from models.backbones.attention import fitting_heads
from models.backbones.base import Shape
from models.backbones.block_recurrent import BlockLayer, BlockRecurrent
from models.backbones.options import BackboneOptions
from pipelines.studies.proof import Check, Effort, Proof, at_least, at_most, told
from pipelines.studies.tasks.block_recall import KEYS, SYMBOLS, block_recall

SIZE, HEADS, STATES, BLOCK, LAYERS = 32, 4, 4, 8, 2
RATE, ROWS, STEPS, TESTED, LOOKS = 1e-3, 128, 1000, 1000, 50
SHORT_STEPS = 400
SEEDS = 3


class Sliding(nn.Module):
    """As many layers that attend to the newest steps, without states: what is compared with."""

    def __init__(self) -> None:
        super().__init__()
        heads = fitting_heads(SIZE, HEADS)
        self.inputs = nn.Linear(SYMBOLS, SIZE)
        self.layers = nn.ModuleList(BlockLayer(SIZE, heads, BLOCK) for _ in range(LAYERS))
        self.norm = nn.LayerNorm(SIZE)

    def states(self, past: torch.Tensor) -> torch.Tensor:
        tokens, nothing = self.inputs(past), (torch.empty(0), torch.empty(0))
        for layer in self.layers:
            tokens = layer(tokens, tokens.shape[1], nothing)
        normed: torch.Tensor = self.norm(tokens)
        return normed


def recurrent(gate: str) -> BlockRecurrent:
    """The recurrent one, with a gate of this name."""
    options = BackboneOptions(
        block=BLOCK, heads=HEADS, state_vectors=STATES, gate="lstm" if gate == "lstm" else "fixed"
    )
    return BlockRecurrent(Shape(SYMBOLS, SIZE, LAYERS, 0.0, 6 * BLOCK), options)


def recall(kind: str, steps: int, seed: int) -> tuple[float, int | None]:
    """Share of the keys that are right in the end, and the step from which on they were all
    right, as far as was looked."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    backbone = Sliding() if kind == "sliding" else recurrent(kind)
    output = nn.Linear(SIZE, KEYS)
    optimizer = torch.optim.Adam([*backbone.parameters(), *output.parameters()], lr=RATE)
    share, solved = 0.0, None
    for step in range(1, steps + 1):
        codes, key = block_recall(random, ROWS)
        odds = output(backbone.states(_one_hot(codes))[:, -1])
        optimizer.zero_grad()
        torch.autograd.backward(cross_entropy(odds, torch.from_numpy(key)))
        nn.utils.clip_grad_norm_(backbone.parameters(), 1.0)
        optimizer.step()
        if step % LOOKS == 0:
            share = _share_right(backbone, output, seed)
            solved = None if share < 0.99 else solved or step
            if share == 1.0:
                break
    return share, solved


@torch.inference_mode()
def _share_right(backbone: Sliding | BlockRecurrent, output: nn.Linear, seed: int) -> float:
    codes, key = block_recall(np.random.default_rng(1000 + seed), TESTED)
    said = output(backbone.states(_one_hot(codes))[:, -1]).argmax(dim=1).numpy()
    return float(np.mean(said == key))


def _one_hot(codes: np.ndarray) -> torch.Tensor:
    return torch.eye(SYMBOLS)[torch.from_numpy(codes)]


def _run(effort: Effort) -> Iterator[Check]:
    steps = SHORT_STEPS if effort.short else STEPS
    # The gate that learns the task in fewer steps, where time is short.
    for kind in ("lstm",) if effort.short else ("fixed", "lstm"):
        for seed in range(1 if effort.short else SEEDS):
            share, solved = recall(kind, steps, seed)
            effort.say(f"{kind} gate, seed {seed}: {share:.3f} after {solved} steps")
            what = f"recurrent, {kind} gate, seed {seed}: share of keys recalled over 6 blocks"
            yield at_least(what, share, 0.99)
            number = float("nan") if solved is None else solved
            yield told(f"{kind} gate, seed {seed}: steps until then", number, f"within {steps}")
    share, _ = recall("sliding", 100 if effort.short else STEPS, 0)
    yield at_most("sliding window of two layers: share of keys recalled", share, 0.25)


PROOF = Proof(
    "block_recurrent",
    "Hutchins, Schlag, Wu, Dyer and Neyshabur 2022",
    "State vectors carry a key over blocks that no window of attention reaches.",
    _run,
    ("bits per token on books, papers and code: the models are too large for this.",),
)

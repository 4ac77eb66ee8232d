"""Strings of the embedded Reber grammar: the second symbol has to be remembered to the end.

Experiment 1 of Hochreiter and Schmidhuber 1997, after Cleeremans et al. 1989 and Fahlman 1991:
seven symbols, 256 training strings and 256 other test strings. A string is right when at every
step the legal next symbols are the most active outputs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.contract import FloatArray

SYMBOLS = "BTPSXVE"
#: State -> symbol -> next state; the inner grammar ends in state 5.
GRAMMAR: dict[int, dict[str, int]] = {
    0: {"T": 1, "P": 2},
    1: {"S": 1, "X": 3},
    2: {"T": 2, "V": 4},
    3: {"X": 2, "S": 5},
    4: {"P": 3, "V": 5},
}
_END = 5


def reber_strings(count: int, seed: int) -> list[str]:
    """Different strings, drawn with equal chances at every branch."""
    random, found = np.random.default_rng(seed), dict[str, None]()
    while len(found) < count:
        found[_string(random)] = None
    return list(found)


def one_hot(string: str) -> FloatArray:
    """step × symbol, float32; what is read is all but the last step."""
    return np.eye(len(SYMBOLS), dtype=np.float32)[[SYMBOLS.index(one) for one in string]]


def legal_next(string: str) -> npt.NDArray[np.bool_]:
    """Which symbols may follow each symbol but the last, step × symbol."""
    allowed, state = [{"T", "P"}, {"B"}, set(GRAMMAR[0])], 0
    for symbol in string[3:-3]:
        state = GRAMMAR[state][symbol]
        allowed.append(set(GRAMMAR[state]) if state != _END else {"E"})
    allowed += [{string[1]}, {"E"}]
    return np.asarray([[one in each for one in SYMBOLS] for each in allowed])


def is_right(outputs: FloatArray, legal: npt.NDArray[np.bool_]) -> bool:
    """Whether at every step no illegal symbol is as active as a legal one."""
    weakest = np.where(legal, outputs, np.inf).min(axis=1)
    strongest = np.where(legal, -np.inf, outputs).max(axis=1)
    return bool((weakest > strongest).all())


def _string(random: np.random.Generator) -> str:
    inner, state = "", 0
    while state != _END:
        symbol = str(random.choice(list(GRAMMAR[state])))
        inner += symbol
        state = GRAMMAR[state][symbol]
    outer = str(random.choice(["T", "P"]))
    return f"B{outer}B{inner}E{outer}E"

"""Paths of known hours for a batch: computed in fixed chapters, so that bytes repeat.

Networks that run over two blocks at once differ in the last bit from two that run over
one. A service does not mind; a batch that was killed and taken up again has to end with the
same bytes, whatever the process that makes a shard has computed before. So hours are always
computed in the same chapters, counted from 1970.
"""

from __future__ import annotations

import numpy as np

from models.emulators.emulator import DensityEmulator
from models.emulators.state_path import StatePath
from pipelines.thermosphere_density.paths import BlockPaths, ReadDrivers, hours_since_1970

#: Blocks of a chapter: days of a night's batch, or of an archive, for some 10 ms.
CHAPTER = 2


class ChapterPaths(BlockPaths):
    """As BlockPaths, a chapter at a time; the newest path is kept whole.

    first, last   hours that `read` knows the drivers of; `first` begins a block
    """

    def __init__(
        self,
        emulator: DensityEmulator,
        read: ReadDrivers,
        first: np.datetime64,
        last: np.datetime64,
    ) -> None:
        super().__init__(emulator, read, last)
        ends = hours_since_1970(np.array([first, last])) // emulator.horizon
        self._ends = int(ends[0]), int(ends[1])
        self._newest: tuple[range, StatePath] | None = None

    def _spans(self, missing: list[int]) -> list[tuple[int, int]]:
        """The chapters of the missing blocks, as far as drivers reach."""
        first, last = self._ends
        return [
            (max(chapter * CHAPTER, first), min((chapter + 1) * CHAPTER - 1, last))
            for chapter in sorted({block // CHAPTER for block in missing})
        ]

    def _path(self, blocks: range) -> StatePath:
        """The last one again, if it is asked for: queries leave factors in it that cost more."""
        if self._newest is None or self._newest[0] != blocks:
            self._newest = blocks, super()._path(blocks)
        return self._newest[1]

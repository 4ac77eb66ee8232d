"""Characters of the source text of Python's standard library: always there, and real language.

The text differs between versions of Python; what is compared is compared on the same one.
"""

from __future__ import annotations

import sysconfig
from pathlib import Path

import numpy as np
import numpy.typing as npt

#: Modules that every installation has.
MODULES = ("argparse", "datetime", "inspect", "tarfile", "typing", "zipfile", "locale", "optparse")
#: Printable ASCII and the line break; anything else is one more symbol.
SYMBOLS = 97
TEST_SHARE = 0.1
Codes = npt.NDArray[np.int64]


def source_text() -> tuple[Codes, Codes]:
    """Symbols of the training text and of the test text, its end."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    texts = [_text(folder, name) for name in MODULES]
    codes = np.frombuffer("".join(texts).encode("ascii", "replace"), dtype=np.uint8).astype(int)
    known = np.where((codes >= 32) & (codes < 127), codes - 32, np.where(codes == 10, 95, 96))
    cut = int((1 - TEST_SHARE) * len(known))
    return known[:cut], known[cut:]


def _text(folder: Path, name: str) -> str:
    """A module's file, or that of a package; none where a build leaves sources out."""
    for file in (folder / f"{name}.py", folder / name / "__init__.py"):
        if file.is_file():
            return file.read_text("utf-8", "replace")
    return ""

"""The page on adding a model, followed to the letter in a copy of the repository."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "adding_a_model.md"
COPIED = ("models", "pipelines", "service", "tests", "pyproject.toml", "bentofile.yaml")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


def copied(folder: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__", "*.parquet", ".hypothesis")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=ignored)
        else:
            shutil.copy(source, folder / name)
    return folder


def add_the_cell(folder: Path) -> None:
    """Steps 1 and 2 of the page."""
    cell, imported, line = blocks("python")
    (folder / "models" / "cells" / "minimal_gated.py").write_text(cell, "utf-8")
    table = folder / "models" / "cells" / "catalogue.py"
    text = table.read_text("utf-8")
    first = text.index("from models.cells.")
    text = text[:first] + imported + text[first:]
    begin = text.index("{\n", text.index("CELLS:")) + 2
    table.write_text(text[:begin] + line + text[begin:], "utf-8")


def run(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    words = shlex.split(command)
    if words[0] == "python":
        words[0] = sys.executable
    environment = {**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_a_cell_of_thirty_lines_passes_every_contract_test(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    add_the_cell(folder)
    check = "import models, models.cells.catalogue as c; print(models.__file__, *c.CELLS)"
    seen = run(folder, f"python -c {shlex.quote(check)}").stdout
    assert str(folder) in seen
    assert "minimal_gated" in seen
    done = run(folder, blocks("sh")[0])
    assert done.returncode == 0, done.stdout[-3000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed.group(1)) >= 15


def test_the_cell_of_the_page_has_thirty_lines_of_code() -> None:
    code = [line for line in blocks("python")[0].splitlines() if line.strip()]
    assert len(code) <= 30

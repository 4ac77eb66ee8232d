"""What is installed is this checkout, whole, documented and described."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("models", "pipelines", "service")
FOLDERS = (*PACKAGES, "tests", "benchmarks")


def python_files() -> list[Path]:
    return sorted(p for folder in FOLDERS for p in (ROOT / folder).rglob("*.py"))


def wheel_contents(folder: Path) -> list[str]:
    """Build the wheel without network and list the files in it."""
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", str(folder), str(ROOT)], check=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


@pytest.mark.parametrize("name", PACKAGES)
def test_each_package_is_this_checkout(name: str) -> None:
    # A foreign wheel with one of these plain names would win in silence.
    assert import_module(name).__file__ == str(ROOT / name / "__init__.py")


@pytest.mark.parametrize("name", PACKAGES)
def test_each_package_is_typed(name: str) -> None:
    assert (ROOT / name / "py.typed").is_file()


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in python_files()
        if path.read_text("utf-8").strip()
        and ast.get_docstring(ast.parse(path.read_text("utf-8"))) is None
    ]
    assert silent == []


def test_every_package_below_the_three_says_where_to_go() -> None:
    empty = [
        str(path.relative_to(ROOT))
        for name in PACKAGES
        for path in (ROOT / name).rglob("__init__.py")
        if not path.read_text("utf-8").strip()
    ]
    assert empty == []


def test_no_python_folder_lacks_an_init_file() -> None:
    assert {str(p.parent) for p in python_files() if not (p.parent / "__init__.py").exists()} == (
        set()
    )


def test_the_version_is_described_in_the_changelog() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    headings = [
        line for line in (ROOT / "CHANGELOG.md").read_text("utf-8").splitlines() if "## " in line
    ]
    assert version("halyard") == project["version"]
    assert headings[0].startswith(f"## {project['version']}")


def test_constraints_pin_every_declared_dependency() -> None:
    document = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    declared = [*document["project"]["dependencies"], *document["dependency-groups"]["dev"]]
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pinned = {line.split("==")[0].lower() for line in lines if "==" in line}
    names = {re.split(r"[<>=\[]", requirement)[0].lower() for requirement in declared}
    assert {name.replace("-", "_") for name in names} <= {p.replace("-", "_") for p in pinned}


@pytest.mark.slow
def test_the_wheel_holds_the_settings_and_nothing_foreign(tmp_path: Path) -> None:
    contents = wheel_contents(tmp_path)
    shipped = sorted(f"pipelines/conf/{p.name}" for p in (ROOT / "pipelines/conf").glob("*.yaml"))
    assert shipped
    assert sorted(n for n in contents if n.endswith(".yaml")) == shipped
    assert {f"{name}/py.typed" for name in PACKAGES} <= set(contents)
    assert f"halyard-{version('halyard')}.dist-info/licenses/NOTICE" in contents
    top = {name.split("/")[0] for name in contents}
    assert top == {*PACKAGES, f"halyard-{version('halyard')}.dist-info"}

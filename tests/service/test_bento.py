"""A built Bento answers on a machine that has neither the checkout nor its models."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import psutil
import pytest
import yaml

from pipelines.environment import PROCESS_ENVIRONMENT
from pipelines.registry import FUND_SHARPE, THERMOSPHERE_DENSITY
from service.example import DENSITY_EXAMPLE, EXAMPLE_REQUEST
from service.fund_sharpe import FORECAST_PATH
from service.thermosphere import DENSITY_PATH
from tests.service.running import PATIENCE, free_port, halyard, serving

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("models", "pipelines", "service")


@dataclass(frozen=True)
class Elsewhere:
    """Another machine: an interpreter with the libraries alone, and a store with the Bento."""

    python: Path
    home: Path
    tag: str

    @property
    def bento(self) -> Path:
        return self.home / "bentos" / self.tag.replace(":", "/")

    def environment(self) -> dict[str, str]:
        ours = ("HALYARD", "PYTHON", *PROCESS_ENVIRONMENT)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
        # A path that is given so is not searched for .pth files, and by such a file the
        # editable install makes the checkout importable.
        libraries = sysconfig.get_path("purelib")
        return {**kept, "BENTOML_HOME": str(self.home), "PYTHONPATH": libraries}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.python), *words],
            cwd=self.python.parent,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )


@pytest.fixture(scope="module")
def elsewhere(trained_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Elsewhere:
    """Package from a folder that is not the checkout, export, and import into an empty store."""
    packaged = halyard(trained_home, "package", folder=tmp_path_factory.mktemp("anywhere"))
    assert packaged.returncode == 0, packaged.stderr
    tag = packaged.stdout.split(" as ")[1].split(".")[0]
    folder = tmp_path_factory.mktemp("elsewhere")
    venv.create(folder / "venv", symlinks=True)
    machine = Elsewhere(folder / "venv/bin/python", folder / "store", tag)
    machine.home.mkdir()
    file = folder / "halyard.bento"
    export = [sys.executable, "-m", "bentoml", "export", tag, str(file)]
    store = {**os.environ, "BENTOML_HOME": str(trained_home / "bentoml")}
    subprocess.run(export, env=store, check=True, capture_output=True)
    assert machine.run("-m", "bentoml", "import", str(file)).returncode == 0
    return machine


def test_a_bento_holds_the_served_code_and_both_models(elsewhere: Elsewhere) -> None:
    source = elsewhere.bento / "src"
    assert {p.name for p in source.iterdir()} == {*PACKAGES, "bentofile.yaml"}
    packed = {str(p.relative_to(source)) for p in source.rglob("*") if p.is_file()}
    assert not [name for name in packed if "test" in name or "commands" in name]
    assert {"service/pages/index.html", "service/pages/docs.html"} <= packed
    document = yaml.safe_load((elsewhere.bento / "bento.yaml").read_text("utf-8"))
    tags = sorted(str(model["tag"]) for model in document["services"][0]["models"])
    assert [tag.partition(":")[0] for tag in tags] == [FUND_SHARPE, THERMOSPHERE_DENSITY]
    for tag in tags:
        assert (elsewhere.home / "models" / tag.replace(":", "/") / "metadata.json").is_file()


def test_a_bento_from_elsewhere_answers_with_its_own_code(
    elsewhere: Elsewhere, tmp_path: Path
) -> None:
    # Without the Bento nothing of ours can be imported there ...
    for package in PACKAGES:
        found = elsewhere.run("-c", f"import {package}")
        assert f"No module named '{package}'" in found.stderr
    # ... so what answers came with it.
    port = free_port()
    command = [str(elsewhere.python), "-m", "bentoml", "serve", elsewhere.tag]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with serving(
        command,
        tmp_path,
        port,
        "Completed startup hook: load",
        elsewhere.environment(),
        tmp_path / "log",
    ) as server:
        answer = httpx.post(server.address + FORECAST_PATH, json=EXAMPLE_REQUEST, timeout=30)
        # With the space weather of the package, since there is no other.
        density = httpx.post(server.address + DENSITY_PATH, json=DENSITY_EXAMPLE, timeout=30)
        workers = psutil.Process(server.process.pid).children()
        environments = [worker.environ() for worker in workers]
        pages = [httpx.get(server.address + path).status_code for path in ("/", "/docs", "/readyz")]
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["funds"][0]["forecasts"]) == 4
    assert density.status_code == 200, density.text
    assert density.json()["drivers"]["source"].startswith("embedded")
    assert pages == [200, 200, 200]
    # The settings of threads and memory come with the Bento as well.
    assert environments
    assert all(PROCESS_ENVIRONMENT.items() <= environ.items() for environ in environments)
    assert "Traceback" not in server.said()


def test_a_bento_with_a_damaged_model_ends_with_one_line(
    elsewhere: Elsewhere, tmp_path: Path
) -> None:
    damaged = replace(elsewhere, home=tmp_path / "store")
    shutil.copytree(elsewhere.home, damaged.home, symlinks=True)
    (file,) = damaged.home.glob("models/fund-sharpe/*/state/state.json")
    file.write_text("{}")
    done = damaged.run("-m", "bentoml", "serve", damaged.tag, "--port", str(free_port()))
    assert done.returncode != 0
    told = [line for line in done.stderr.splitlines() if "its sha256 differs" in line]
    assert len(told) == 1
    assert "Traceback" not in done.stdout + done.stderr


def test_every_module_of_a_loaded_bento_lies_in_it(elsewhere: Elsewhere) -> None:
    script = (
        "import bentoml, sys; "
        f"bentoml.load({elsewhere.tag!r}); import service.champion, service.gateway; "
        "import models.fund_sharpe, models.emulators.storage, pipelines.warm_up_density; "
        "import pipelines.monitoring.outcome_scores; "
        f"[print(m.__file__) for n, m in sys.modules.items() if n.split('.')[0] in {PACKAGES}]"
    )
    done = elsewhere.run("-c", script)
    assert done.returncode == 0, done.stderr
    files = [Path(line).resolve() for line in done.stdout.splitlines() if line.endswith(".py")]
    assert len(files) > 40
    outside = [file for file in files if not file.is_relative_to(elsewhere.bento.resolve())]
    assert outside == []


def test_the_bento_asks_for_the_packages_that_its_code_imports() -> None:
    document = yaml.safe_load((ROOT / "bentofile.yaml").read_text("utf-8"))
    names = [text.split("=")[0].split(">")[0] for text in document["python"]["packages"]]
    asked = {name.replace("-", "_") for name in names}
    # What is loaded by name and not by an import, and what PyYAML is imported as.
    indirect = {"uvloop", "httptools", "psycopg[binary]"}
    assert {"yaml" if name == "pyyaml" else name for name in asked - indirect} == served_imports()


def served_imports() -> set[str]:
    """Packages that the modules of a running server import themselves, ours left out."""
    script = (
        "import sys, service.gateway, service.champion, models.fund_sharpe, pipelines.served, "
        "models.emulators.storage, pipelines.warm_up_density, pipelines.registry, "
        "pipelines.artefacts, pipelines.monitoring.outcome_scores, service.outcome_meters; "
        f"[print(m.__file__) for n, m in sys.modules.items() if n.split('.')[0] in {PACKAGES}]"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    files = [*map(Path, done.stdout.splitlines()), ROOT / "service/app.py"]
    found: set[str] = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(str(node.module))
    tops = {name.split(".")[0] for name in found}
    # The libraries below come with bentoml.
    brought = {"starlette", "anyio"}
    # For types alone; inside a function of a baseline that is never served; used where it is there.
    unneeded = {"_typeshed", "statsforecast", "pysiglib"}
    return tops - set(sys.stdlib_module_names) - set(PACKAGES) - brought - unneeded

"""A running server takes promoted models without a failed or a mixed response."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import shutil
import signal
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from benchmarks import hot_swap
from benchmarks.model_variants import store_variant, tamper
from benchmarks.swap_load import (
    NAMES,
    Promotion,
    Right,
    Verdict,
    asks,
    judge,
    right_answers,
    swap_under_load,
    variants,
)
from models.errors import ArtefactError
from pipelines import registry
from pipelines.registry import FUND_SHARPE, THERMOSPHERE_DENSITY, StoredModel
from service.champion import load_density_models, load_fund_models, load_predictor
from service.fund_sharpe import FORECAST_PATH
from service.watch import WATCH_VARIABLE
from tests.service.requests import good
from tests.service.running import Server, served

#: Longest wait for what a watcher that looks ten times a second should see at once.
PATIENCE = 60.0
LOOK_SECONDS = "0.1"


@dataclass(frozen=True)
class Scene:
    """A server on a home of its own, two versions of each model, and what each answers."""

    server: Server
    models: Mapping[str, list[StoredModel]]
    right: Right

    @property
    def funds(self) -> StoredModel:
        return self.models[FUND_SHARPE][0]

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.server.address + path, timeout=30)

    def listed(self) -> dict[str, Any]:
        """What /v1/models says."""
        found: dict[str, Any] = self.get("/v1/models").json()
        return found

    def versions(self) -> dict[str, str]:
        return {model["name"]: model["version"] for model in self.listed()["models"]}

    def metric(self, series: str, /, **labels: str) -> float:
        """A value of /metrics, 0 where it is not there."""
        told = [f'{label}="{value}"' for label, value in labels.items()]
        for line in self.get("/metrics").text.splitlines():
            if line.startswith(series) and all(word in line for word in told):
                return float(line.split()[-1])
        return 0.0

    def answering(self) -> str:
        """Version that a forecast names."""
        answer = httpx.post(self.server.address + FORECAST_PATH, json=good(), timeout=30)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["model"]["version"])

    def load(
        self, seconds: float, per_second: float, every: float
    ) -> tuple[Verdict, list[Promotion]]:
        answered, promotions = asyncio.run(
            swap_under_load(
                self.server.port,
                self.models,
                self.right,
                seconds=seconds,
                per_second=per_second,
                every=every,
            )
        )
        return judge(answered, self.right), promotions


def wait_until(holds: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > until:
            raise AssertionError(f"not seen within {PATIENCE:.0f} seconds: {what}")
        time.sleep(0.05)


@pytest.fixture(scope="module")
def scene(trained_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("swapping")
    home = folder / "home"
    shutil.copytree(trained_home, home, symlinks=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HALYARD_HOME", str(home))
        models = {name: variants(name) for name in NAMES}
        for versions in models.values():
            registry.promote(versions[0])
        right = right_answers(models, asks())
        with served(home, folder / "log", **{WATCH_VARIABLE: LOOK_SECONDS}) as server:
            yield Scene(server, models, right)


@pytest.fixture(autouse=True)
def first_versions(scene: Scene) -> None:
    """Every test begins with the first versions as champions, and none refused."""
    for versions in scene.models.values():
        registry.promote(versions[0])
    wanted = {name: versions[0].version for name, versions in scene.models.items()}
    wait_until(lambda: scene.versions() == wanted, "the first versions")
    wait_until(lambda: scene.listed()["refused"] == [], "nothing refused")


def force_champion(stored: StoredModel) -> None:
    """Write the alias as somebody does who does not ask the registry, which would refuse."""
    file = Path(os.environ["HALYARD_HOME"]) / "aliases" / f"{stored.name}.json"
    aside = file.with_suffix(".aside")
    aside.write_text(json.dumps({"champion": stored.version}))
    aside.replace(file)


def check(scene: Scene, verdict: Verdict, promotions: list[Promotion], requests: int) -> None:
    assert verdict.requests == requests
    assert verdict.failures == []
    assert verdict.mixed == []
    assert {promotion.name for promotion in promotions} == set(NAMES)
    # Each was promoted long enough to be seen, but the last ones may come too late.
    assert [promotion.first for promotion in promotions[:-2] if promotion.first is None] == []
    assert "Traceback" not in scene.server.said()


def test_promotions_under_load_fail_and_mix_no_response(scene: Scene) -> None:
    verdict, promotions = scene.load(seconds=4.0, per_second=25.0, every=0.7)
    check(scene, verdict, promotions, requests=100)


@pytest.mark.slow
def test_ten_seconds_of_fifty_requests_a_second_through_many_promotions(scene: Scene) -> None:
    verdict, promotions = scene.load(seconds=10.0, per_second=50.0, every=0.8)
    check(scene, verdict, promotions, requests=500)
    assert len(promotions) >= 10


@pytest.mark.slow
def test_the_benchmark_writes_what_it_found_and_leaves_the_champions(
    scene: Scene, tmp_path: Path
) -> None:
    out = tmp_path / "results.json"
    words = ["--port", str(scene.server.port), "--seconds", "3", "--per-second", "34"]
    assert hot_swap.main([*words, "--every", "0.8", "--out", str(out)]) == 0
    found: dict[str, Any] = json.loads(out.read_text("utf-8"))
    assert found["quiet"]["requests"] == found["swapping"]["requests"] == 102 * hot_swap.ROUNDS
    assert found["swapping"]["failures"] == found["swapping"]["mixed"] == []
    assert found["promotions"] == 3 * hot_swap.ROUNDS
    champions = {name: registry.champion_version(name) for name in NAMES}
    assert champions == {name: versions[0].version for name, versions in scene.models.items()}


def test_the_versions_that_answer_are_metrics_and_swaps_are_counted(scene: Scene) -> None:
    first, second = scene.models[FUND_SHARPE]
    labels = {"name": FUND_SHARPE, "result": "swapped"}
    before = scene.metric("halyard_model_swaps_total", **labels)
    timed = scene.metric("halyard_model_swap_seconds_count")
    registry.promote(second)
    wait_until(lambda: scene.answering() == second.version, "the second version")

    def info(stored: StoredModel) -> float:
        return scene.metric("halyard_model_info", name=stored.name, version=stored.version)

    wait_until(lambda: (info(first), info(second)) == (0, 1), "the version as a metric")
    wait_until(
        lambda: scene.metric("halyard_model_swaps_total", **labels) == before + 1, "one swap more"
    )
    assert scene.metric("halyard_model_swap_seconds_count") == timed + 1
    assert f"{second.tag} answers now, {first.tag} did before" in scene.server.said()


def bad_ones(good_one: StoredModel) -> dict[str, StoredModel]:
    """Versions that must not answer, by a word of the reason."""
    broken = store_variant(good_one, 0.3)
    tamper(broken)
    return {
        "sha256 differs": broken,
        "sample forecast differs by 0.5": store_variant(good_one, 0.3, sample_off=0.5),
        "252 periods a year": store_variant(good_one, 0.0, periods_per_year=252),
    }


@pytest.mark.parametrize("index", range(3))
def test_a_bad_version_leaves_the_old_one_and_says_why(scene: Scene, index: int) -> None:
    word, bad = list(bad_ones(scene.funds).items())[index]
    labels = {"name": FUND_SHARPE, "result": "refused"}
    before = scene.metric("halyard_model_swaps_total", **labels)
    force_champion(bad)
    wait_until(
        lambda: scene.metric("halyard_model_swaps_total", **labels) == before + 1, "a refusal"
    )
    (refused,) = scene.listed()["refused"]
    assert (refused["name"], refused["version"]) == (FUND_SHARPE, bad.version)
    assert word in refused["reason"]
    assert scene.answering() == scene.funds.version
    told = [line for line in scene.server.said().splitlines() if f"{bad.tag} is refused" in line]
    assert len(told) == 1
    assert f"{scene.funds.tag} answers on" in told[0]
    # By the time that another promotion was taken, it was not tried again.
    density = scene.models[THERMOSPHERE_DENSITY][1]
    registry.promote(density)
    wait_until(lambda: scene.versions()[density.name] == density.version, "a density model")
    assert scene.metric("halyard_model_swaps_total", **labels) == before + 1


def test_a_worker_that_is_killed_comes_back_although_a_bad_version_was_promoted(
    scene: Scene,
) -> None:
    second = scene.models[FUND_SHARPE][1]
    registry.promote(second)
    wait_until(lambda: scene.answering() == second.version, "the second version")
    bad = store_variant(second, 0.3, sample_off=0.5)
    registry.promote(bad)
    wait_until(lambda: scene.listed()["refused"] != [], "the refusal")
    worker = worker_of(scene.server)
    os.kill(worker, signal.SIGKILL)

    def again() -> bool:
        try:
            return scene.answering() == second.version
        except httpx.TransportError:
            return False

    wait_until(again, "another worker")
    assert [model["version"] for model in scene.listed()["refused"]] == [bad.version]
    # What the killed worker answered with does not count any more.
    assert scene.metric("halyard_model_info", name=FUND_SHARPE, version=second.version) == 1


def worker_of(server: Server) -> int:
    """The process that answers: the one that holds torch in memory."""
    children = psutil.Process(server.process.pid).children(recursive=True)
    return int(max(children, key=lambda child: child.memory_info().rss).pid)


@pytest.mark.parametrize("name", NAMES)
def test_a_replaced_model_leaves_memory_without_the_collector(scene: Scene, name: str) -> None:
    load = {FUND_SHARPE: load_fund_models, THERMOSPHERE_DENSITY: load_density_models}[name]
    gc.collect()
    gc.disable()
    try:
        predictor = load({name: scene.models[name][0]})
        part = predictor.model if name == FUND_SHARPE else predictor.emulator
        network = weakref.ref(part)
        del predictor, part
        assert network() is None
    finally:
        gc.enable()


def test_a_model_of_another_frequency_is_refused_by_whoever_loads_it(scene: Scene) -> None:
    with pytest.raises(ArtefactError, match="252 periods a year, and the service answers"):
        load_predictor(store_variant(scene.funds, 0.0, periods_per_year=252))

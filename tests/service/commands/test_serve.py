"""What happens before the server starts: a port that is free, a model, a Bento, each once."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from models.errors import ArtefactError, ConfigError, DependencyError
from pipelines import registry
from service.commands import package, serve
from tests.service.commands.stored import store


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HALYARD_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch, home: Path) -> list[str]:
    """Let a build take no time; what was built is listed."""
    tags: list[str] = []

    def build(champions: Sequence[registry.StoredModel]) -> str:
        tags.append(" ".join(champion.tag for champion in champions))
        add_bento(home, f"v{len(tags)}", *(champion.tag for champion in champions))
        return f"halyard:v{len(tags)}"

    monkeypatch.setattr(package, "build_bento", build)
    return tags


def add_bento(home: Path, version: str, *models: str) -> None:
    listed = ", ".join(f"{{tag: '{model}'}}" for model in models)
    folder = home / "bentoml/bentos/halyard" / version
    folder.mkdir(parents=True)
    (folder / "bento.yaml").write_text(
        f"version: {version}\ncreation_time: '2020-01-0{version[1:]}'\n"
        f"services: [{{models: [{listed}]}}]\n"
    )


def train_at_once() -> None:
    registry.promote(store())


def train_density_at_once() -> None:
    registry.promote(store(registry.THERMOSPHERE_DENSITY))


def test_the_first_start_trains_and_packages_both_and_the_second_uses_them(
    built: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(serve, "train_first", train_at_once)
    monkeypatch.setattr(serve, "train_density_first", train_density_at_once)
    serve.ensure_champions()
    fund, density = registry.get_model(), registry.get_model(registry.THERMOSPHERE_DENSITY)
    assert built == [f"{fund.tag} {density.tag}"]
    assert f"Packaged {fund.tag} and {density.tag} as halyard:v1." in capsys.readouterr().out
    serve.ensure_champions()
    assert built == [f"{fund.tag} {density.tag}"]
    assert registry.get_model().tag == fund.tag
    assert capsys.readouterr().out == ""


def test_a_start_trains_only_what_is_not_there(
    built: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    train_at_once()
    fund = registry.get_model()
    monkeypatch.setattr(serve, "train_density_first", train_density_at_once)
    serve.ensure_champions()
    assert registry.get_model().tag == fund.tag
    assert len(built) == 1


def test_a_new_champion_is_packaged_without_training(built: list[str]) -> None:
    train_at_once()
    train_density_at_once()
    serve.ensure_champions()
    train_density_at_once()
    serve.ensure_champions()
    assert len(built) == 2
    assert built[0] != built[1]


def test_the_first_training_uses_the_shipped_settings_and_promotes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[tuple[int, int, object]] = []
    monkeypatch.setattr(
        "service.commands.train.train_and_store",
        lambda panel, settings, promote: seen.append((len(panel.ids), settings.window, promote)),
    )
    serve.train_first()
    assert seen == [(30, 12, True)]
    assert "No fund model yet: training one on the embedded data" in capsys.readouterr().out


def test_the_first_density_emulator_is_trained_by_its_own_verb(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("service.commands.train_density.train_first", train_density_at_once)
    serve.train_density_first()
    assert registry.champion_version(registry.THERMOSPHERE_DENSITY) is not None
    assert "No density emulator yet: training one on fields of NRLMSIS" in capsys.readouterr().out


@pytest.mark.usefixtures("built")
def test_a_damaged_champion_is_refused_before_the_start() -> None:
    train_at_once()
    champion = registry.get_model()
    (champion.folder / next(iter(champion.metadata["files"]))).write_bytes(b"")
    with pytest.raises(ArtefactError, match="sha256 differs"):
        serve.ensure_champions()


def test_the_newest_bento_of_a_model_is_found(home: Path) -> None:
    model = store()
    assert package.find_bento([model]) is None
    add_bento(home, "v2", model.tag)
    add_bento(home, "v1", model.tag)
    add_bento(home, "v3", "fund-sharpe:another")
    assert package.find_bento([model]) == "halyard:v2"


def test_a_bento_must_hold_every_champion(home: Path) -> None:
    fund, density = store(), store(registry.THERMOSPHERE_DENSITY)
    add_bento(home, "v1", fund.tag, density.tag)
    add_bento(home, "v2", fund.tag)
    assert package.find_bento([fund, density]) == "halyard:v1"


def test_without_a_checkout_there_is_nothing_to_build_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_at_once()
    monkeypatch.setattr(package, "_ROOT", tmp_path)
    assert package.build_bento([registry.get_model()]) is None
    with pytest.raises(ConfigError, match="run this from a checkout"):
        package.package()


def test_a_build_that_fails_says_why_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bentofile.yaml").write_text("service: nowhere:Nothing\n")
    monkeypatch.setattr(package, "_ROOT", tmp_path)
    with pytest.raises(DependencyError, match=r"bentoml build of fund-sharpe:.* failed: ") as told:
        package.build_bento([store()])
    assert "\n" not in str(told.value)


def test_a_port_in_use_is_refused_with_another_to_try() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"halyard serve --port {port + 1}"):
            serve.check_port("127.0.0.1", port)
    serve.check_port("127.0.0.1", port)


def child(script: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)


def test_a_server_that_ends_at_its_start_is_not_waited_for() -> None:
    ended = child("")
    ended.wait()
    with pytest.raises(DependencyError, match="did not start; the reason is in the lines above"):
        serve.wait_until_ready(ended, "127.0.0.1", 1)
    assert ended.stdout is not None
    ended.stdout.close()


def test_a_server_that_is_never_ready_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "START_SECONDS", 0.3)
    with child("import time; time.sleep(60)") as sleeping:
        with pytest.raises(DependencyError, match="not ready after 0 seconds"):
            serve.wait_until_ready(sleeping, "127.0.0.1", 1)
        serve.stop(sleeping)
        assert sleeping.returncode == -signal.SIGTERM


def test_a_server_that_does_not_listen_to_the_signal_is_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(serve, "STOP_SECONDS", 0.2)
    deaf = "import signal; signal.signal(15, signal.SIG_IGN); print(1, flush=True); signal.pause()"
    with child(deaf) as process:
        assert process.stdout is not None
        process.stdout.readline()
        serve.stop(process)
        assert process.returncode == -signal.SIGKILL
    serve.stop(process)


def test_an_address_for_all_is_announced_as_one_that_can_be_called(
    capsys: pytest.CaptureFixture[str],
) -> None:
    serve.announce("0.0.0.0", 8080)
    serve.announce("::", 8080)
    said = capsys.readouterr().out
    assert "serves on http://127.0.0.1:8080 (docs: http://127.0.0.1:8080/docs)" in said
    assert "curl -s http://[::1]:8080/v1/fund-sharpe/forecast" in said
    assert "curl -s http://[::1]:8080/v1/thermosphere/density" in said

"""What happens before the server starts: a port that is free, a model, a Bento, each once."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
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

    def build(champion: registry.StoredModel) -> str:
        tags.append(champion.tag)
        add_bento(home, f"v{len(tags)}", champion.tag)
        return f"halyard:v{len(tags)}"

    monkeypatch.setattr(package, "build_bento", build)
    return tags


def add_bento(home: Path, version: str, model: str) -> None:
    folder = home / "bentoml/bentos/halyard" / version
    folder.mkdir(parents=True)
    (folder / "bento.yaml").write_text(
        f"version: {version}\ncreation_time: '2020-01-0{version[1:]}'\n"
        f"services: [{{models: [{{tag: '{model}'}}]}}]\n"
    )


def train_at_once() -> None:
    registry.promote(store())


def test_the_first_start_trains_and_packages_and_the_second_uses_both(
    built: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(serve, "train_first", train_at_once)
    serve.ensure_champion()
    champion = registry.get_model()
    assert built == [champion.tag]
    said = capsys.readouterr().out
    assert "No model yet: training one on the embedded data" in said
    assert f"Packaged {champion.tag} as halyard:v1." in said
    serve.ensure_champion()
    assert built == [champion.tag]
    assert registry.get_model().tag == champion.tag
    assert capsys.readouterr().out == ""


def test_a_new_champion_is_packaged_without_training(built: list[str]) -> None:
    train_at_once()
    serve.ensure_champion()
    train_at_once()
    serve.ensure_champion()
    assert len(built) == 2
    assert built[0] != built[1]


def test_the_first_training_uses_the_shipped_settings_and_promotes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[int, int, object]] = []
    monkeypatch.setattr(
        "service.commands.train.train_and_store",
        lambda panel, settings, promote: seen.append((len(panel.ids), settings.window, promote)),
    )
    serve.train_first()
    assert seen == [(30, 12, True)]


@pytest.mark.usefixtures("built")
def test_a_damaged_champion_is_refused_before_the_start() -> None:
    train_at_once()
    champion = registry.get_model()
    (champion.folder / next(iter(champion.metadata["files"]))).write_bytes(b"")
    with pytest.raises(ArtefactError, match="sha256 differs"):
        serve.ensure_champion()


def test_the_newest_bento_of_a_model_is_found(home: Path) -> None:
    model = store()
    assert package.find_bento(model) is None
    add_bento(home, "v2", model.tag)
    add_bento(home, "v1", model.tag)
    add_bento(home, "v3", "fund-sharpe:another")
    assert package.find_bento(model) == "halyard:v2"


def test_without_a_checkout_there_is_nothing_to_build_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_at_once()
    monkeypatch.setattr(package, "_ROOT", tmp_path)
    assert package.build_bento(registry.get_model()) is None
    with pytest.raises(ConfigError, match="run this from a checkout"):
        package.package()


def test_a_build_that_fails_says_why_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bentofile.yaml").write_text("service: nowhere:Nothing\n")
    monkeypatch.setattr(package, "_ROOT", tmp_path)
    with pytest.raises(DependencyError, match=r"bentoml build of fund-sharpe:.* failed: ") as told:
        package.build_bento(store())
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

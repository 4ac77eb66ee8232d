"""The files that schedule Halyard are well formed, and say words that its commands know."""

from __future__ import annotations

import ast
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from pipelines.retraining.pipeline import steps
from service import cli
from service.commands.retrain_options import STOPPED

DEPLOY = Path(cli.__file__).resolve().parents[1] / "deploy"
SERVICE = DEPLOY / "systemd/halyard-retrain@.service"


def options_of(verb: str, target: str, capsys: pytest.CaptureFixture[str]) -> set[str]:
    assert cli.run([verb, target, "--help"]) == 0
    return set(re.findall(r"--[a-z-]+", capsys.readouterr().out))


def test_the_cron_lines_use_options_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [
        line
        for line in (DEPLOY / "cron/halyard").read_text("utf-8").splitlines()
        if " retrain " in line
    ]
    assert len(lines) == 2
    for line in lines:
        words = shlex.split(line.partition("/bin/halyard ")[2].partition(" >>")[0])
        used = {word for word in words if word.startswith("--")}
        assert used <= options_of(words[0], words[1], capsys)


def test_the_cron_job_of_kubernetes_has_the_fields_of_its_kind(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = yaml.safe_load((DEPLOY / "kubernetes/retrain.yaml").read_text("utf-8"))
    assert (found["apiVersion"], found["kind"]) == ("batch/v1", "CronJob")
    assert found["spec"]["concurrencyPolicy"] == "Forbid"
    job = found["spec"]["jobTemplate"]["spec"]
    pod = job["template"]["spec"]
    # Kubernetes takes a policy for failures only with pods that are never restarted in place.
    assert pod["restartPolicy"] == "Never"
    (container,) = pod["containers"]
    rule = job["podFailurePolicy"]["rules"][0]["onExitCodes"]
    assert (rule["containerName"], rule["values"]) == (container["name"], [cli.BAD_INPUT])
    mounts = {mount["name"] for mount in container["volumeMounts"]}
    assert mounts == {volume["name"] for volume in pod["volumes"]}
    used = {word for word in container["args"] if word.startswith("--")}
    assert used <= options_of("retrain", container["command"][2], capsys)


def test_the_unit_takes_the_deadline_for_a_good_end_and_goes_on_after_a_kill() -> None:
    text = SERVICE.read_text("utf-8")
    assert f"SuccessExitStatus={STOPPED}" in text
    assert "Restart=on-abnormal" in text
    assert "bin/halyard retrain %i $HALYARD_RETRAIN" in text


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    command = tmp_path / "halyard"
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    service = SERVICE.read_text("utf-8").replace("/opt/halyard/.venv/bin/halyard", str(command))
    (tmp_path / "halyard-retrain@.service").write_text(
        re.sub(r"^(User|Documentation)=.*\n", "", service, flags=re.MULTILINE)
    )
    timer = (DEPLOY / "systemd/halyard-retrain@.timer").read_text("utf-8")
    (tmp_path / "halyard-retrain@.timer").write_text(timer)
    units = [str(tmp_path / f"halyard-retrain@fund-sharpe.{kind}") for kind in ("service", "timer")]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "halyard" not in done.stderr, done.stderr


def test_the_flow_has_the_steps_of_a_run_in_their_order() -> None:
    tree = ast.parse((DEPLOY / "dagster/flow.py").read_text("utf-8"))
    values = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in ("STEPS", "BAD_INPUT")
    }
    assert values == {"STEPS": tuple(steps()), "BAD_INPUT": cli.BAD_INPUT}

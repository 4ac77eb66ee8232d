"""The steps of a retraining as a Dagster job each, for those who want an engine with a page.

Choose it where runs of several systems are watched in one place; cron or systemd need nothing.
Dagster lives in an environment of its own, because its pins clash with Halyard's, and knows
Halyard only as a command::

    python3.11 -m venv flow && flow/bin/pip install dagster dagster-webserver
    export HALYARD=/opt/halyard/.venv/bin/halyard HALYARD_HOME=/var/lib/halyard
    export HALYARD_RETRAIN_FUND_SHARPE="--data /srv/halyard/returns.parquet --if-needed"
    flow/bin/dagster dev -f deploy/dagster/flow.py

A step that is killed is tried again; "re-execute from failure" goes on with the same run of
Halyard, whose name is that of Dagster's first run.
"""

import os
import shlex
import subprocess

import dagster as dg

#: As `halyard retrain --only-step` knows them; a test of Halyard holds them against its own.
STEPS = (
    "validate",
    "drift",
    "decide",
    "tune",
    "train",
    "backtest",
    "latency",
    "judge",
    "package",
    "promote",
    "record",
)
TARGETS = ("fund-sharpe", "thermosphere-density")
#: Exit code of unusable input: trying again would say the same.
BAD_INPUT = 2


def command(target: str, step: str, run_id: str) -> list[str]:
    """One step of one run; what comes after the target stands in the environment."""
    halyard = os.environ.get("HALYARD", "halyard")
    words = shlex.split(os.environ.get(f"HALYARD_RETRAIN_{_name(target).upper()}", ""))
    return [halyard, "retrain", target, *words, "--only-step", step, "--run-id", run_id]


def step_op(target: str, step: str, first: bool) -> dg.OpDefinition:
    """A step as an op that waits for the one before it."""

    @dg.op(
        name=f"{_name(target)}_{step}",
        ins={} if first else {"after": dg.In(dg.Nothing)},
        out=dg.Out(dg.Nothing),
        retry_policy=dg.RetryPolicy(max_retries=2, delay=30),
    )
    def run_step(context: dg.OpExecutionContext) -> None:
        run = context.run
        words = command(target, step, run.root_run_id or run.run_id)
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        for line in (*done.stderr.splitlines(), *done.stdout.splitlines()):
            context.log.info(line)
        if done.returncode:
            said = (done.stderr.strip() or "no message").splitlines()[-1]
            raise dg.Failure(said, allow_retries=done.returncode != BAD_INPUT)

    return run_step


def retrain_job(target: str) -> dg.JobDefinition:
    """All steps of one model, one after the other."""

    @dg.job(name=f"retrain_{_name(target)}", description=f"halyard retrain {target}")
    def steps() -> None:
        done = step_op(target, STEPS[0], first=True).alias(STEPS[0])()
        for step in STEPS[1:]:
            done = step_op(target, step, first=False).alias(step)(after=done)

    return steps


def _name(target: str) -> str:
    return target.replace("-", "_")


JOBS = [retrain_job(target) for target in TARGETS]
MONTHLY = [dg.ScheduleDefinition(job=job, cron_schedule="30 2 5 * *") for job in JOBS]
defs = dg.Definitions(jobs=JOBS, schedules=MONTHLY)

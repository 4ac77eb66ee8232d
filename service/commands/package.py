"""`halyard package`: the champions and their code as a Bento."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from models.errors import ConfigError, DependencyError
from pipelines.environment import process_environment

if TYPE_CHECKING:
    from pipelines.registry import StoredModel

_ROOT = Path(__file__).resolve().parents[2]


def package() -> None:
    """Build a Bento: the champions (of funds, of density, or the one there is) and their code.

    It can be served elsewhere, or be put into a container.

    \b
    Example:
      halyard package
    """
    from pipelines.registry import bentoml_home
    from pipelines.served import served_models

    champions = list(served_models().values())
    tag = build_bento(champions)
    if tag is None:
        raise ConfigError(f"no bentofile.yaml in {_ROOT}: run this from a checkout of Halyard")
    bentoml = f"BENTOML_HOME={bentoml_home()} {sys.executable} -m bentoml"
    typer.echo(f"Packaged {_tags(champions)} as {tag}. Serve it from any folder:\n")
    typer.echo(f"{bentoml} serve {tag}\n")
    typer.echo("Take it to another machine, models included:\n")
    typer.echo(f"{bentoml} export {tag} {tag.replace(':', '-')}.bento")


def find_bento(champions: Sequence[StoredModel]) -> str | None:
    """The newest Bento that holds these versions, None when there is none."""
    import yaml

    from pipelines.registry import bentoml_home

    wanted, found = {champion.tag for champion in champions}, []
    for file in (bentoml_home() / "bentos/halyard").glob("*/bento.yaml"):
        document = yaml.safe_load(file.read_text("utf-8"))
        models = [m for service in document["services"] for m in service["models"]]
        if wanted <= {str(model["tag"]) for model in models}:
            found.append((str(document["creation_time"]), f"halyard:{document['version']}"))
    return max(found)[1] if found else None


def build_bento(champions: Sequence[StoredModel]) -> str | None:
    """Build from the checkout's bentofile.yaml and return the tag; None without a checkout."""
    from pipelines.environment import halyard_home
    from pipelines.registry import bentoml_home

    if not (_ROOT / "bentofile.yaml").is_file():
        return None
    homes = {"HALYARD_HOME": str(halyard_home()), "BENTOML_HOME": str(bentoml_home())}
    environment = {**process_environment(), **homes}
    done = subprocess.run(
        [sys.executable, "-m", "bentoml", "build", str(_ROOT), "--output", "tag"],
        env=environment,
        # BentoML reads no files outside of the folder that it runs in.
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    # The last line reads __tag__:halyard:<version>
    tag = done.stdout.strip().rpartition("__tag__:")[2]
    if done.returncode or not tag:
        reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise DependencyError(f"bentoml build of {_tags(champions)} failed: {' '.join(reason)}")
    return tag.split(os.linesep)[0]


def _tags(champions: Sequence[StoredModel]) -> str:
    return " and ".join(champion.tag for champion in champions)

"""`halyard study proofs`: the claims of the papers, as experiments with numbers to reach."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pipelines.studies.proof_results import ProofResult

#: Exit code when a number was not reached.
NOT_REACHED = 3
#: Where results lie that the repository keeps.
KEPT = Path("docs/studies")


def proofs(
    only: Annotated[
        list[str] | None, typer.Option(help="Name of one proof; may be given several times [all].")
    ] = None,
    short: Annotated[
        bool, typer.Option("--short", help="The short forms, with their own numbers: minutes.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Also those that have a result.")] = False,
    out: Annotated[
        Path, typer.Option(help="Folder of proofs.md and of a file for each result.")
    ] = KEPT,
) -> None:
    """Run the proof experiments of the methods and print what each reached.

    A run that was stopped goes on where it was. Ends with exit code 3 when a number was not
    reached.

    \b
    Example:
      halyard study proofs --short --only signatures --out /tmp/proofs
    """
    from pipelines.atomic import write_text
    from pipelines.studies import proof_results as results
    from pipelines.studies.proof import Effort
    from pipelines.studies.proofs import all_proofs, chosen_proofs

    form = results.SHORT if short else results.FULL
    folder = out / "proofs"
    chosen, found = chosen_proofs(only or []), []
    for place, (name, proof) in enumerate(chosen.items(), start=1):
        kept = None if again else results.kept_result(folder, name, form)
        if kept is None:
            typer.echo(f"{name} ({place} of {len(chosen)}) ...", err=True)
            kept = results.run_proof(proof, Effort(short, _say))
            results.keep_result(folder, kept)
        found.append(kept)
        _tell(kept)
    known = all_proofs()
    everything = [results.kept_result(folder, name, form) for name in known]
    write_text(out / "proofs.md", results.proofs_page(known, [r for r in everything if r]))
    failed = [result.name for result in found if not result.passed]
    typer.echo(f"{len(found) - len(failed)} of {len(found)} passed; {out / 'proofs.md'}")
    if failed:
        raise typer.Exit(NOT_REACHED)


def _say(line: str) -> None:
    typer.echo(f"  {line}", err=True)


def _tell(result: ProofResult) -> None:
    typer.echo(f"{result.name}: {'passed' if result.passed else 'FAILED'}")
    for check in result.checks:
        mark = {True: "pass", False: "FAIL", None: "told"}[check.passed]
        typer.echo(f"  {mark}  {check.what}: {check.shown} ({check.wanted})")

"""Results of proofs, kept as one small file each, and the table that is made of them."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pipelines.atomic import write_text
from pipelines.provenance import provenance
from pipelines.studies.proof import Check, Effort, Proof

FULL, SHORT = "full", "short"
COMMAND = "halyard study proofs"


@dataclass(frozen=True)
class ProofResult:
    """How a proof went.

    form       full or short
    seconds    that it took; other work on the machine is in them
    """

    name: str
    form: str
    checks: tuple[Check, ...]
    seconds: float
    provenance: Mapping[str, Any]

    @property
    def passed(self) -> bool:
        return all(check.passed is not False for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "form": self.form,
            "passed": self.passed,
            "checks": [
                {**check.to_json(), "got": check.got if math.isfinite(check.got) else None}
                for check in self.checks
            ],
            "seconds": round(self.seconds, 1),
            "provenance": dict(self.provenance),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        checks = tuple(
            Check(
                one["what"],
                math.nan if one["got"] is None else float(one["got"]),
                one["wanted"],
                one["passed"],
            )
            for one in data["checks"]
        )
        return cls(data["name"], data["form"], checks, data["seconds"], data["provenance"])


def run_proof(proof: Proof, effort: Effort) -> ProofResult:
    """Do the experiment."""
    begun = time.monotonic()
    checks = tuple(proof.run(effort))
    form = SHORT if effort.short else FULL
    return ProofResult(proof.name, form, checks, time.monotonic() - begun, provenance())


def kept_result(folder: Path, name: str, form: str) -> ProofResult | None:
    """What an earlier run of this form found, None without one."""
    file = folder / f"{name}.json"
    if not file.is_file():
        return None
    found = ProofResult.from_json(json.loads(file.read_text("utf-8")))
    return found if found.form == form else None


def keep_result(folder: Path, result: ProofResult) -> None:
    """Write one file, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / f"{result.name}.json", json.dumps(result.to_json(), indent=1) + "\n")


def proofs_page(proofs: Mapping[str, Proof], results: Iterable[ProofResult]) -> str:
    """The table as Markdown: claim, number to reach, number got, pass or fail."""
    lines = [
        "# What the methods of the literature do here",
        "",
        f"Made by `{COMMAND}`, which runs the experiments that have no result in `proofs/` yet.",
        "",
    ]
    for result in results:
        proof = proofs[result.name]
        verdict = "passed" if result.passed else "FAILED"
        lines += [
            f"## {proof.name}: {verdict}",
            "",
            f"{proof.claim.rstrip('.')} ({proof.paper}).",
            "",
        ]
        lines += ["| | got | to reach | |", "|---|---|---|---|"]
        lines += [_row(check) for check in result.checks]
        lines += ["", *(f"Not reproduced, and not asserted: {one}" for one in proof.left_out)]
        commit = str(result.provenance.get("git_commit", "unknown"))
        lines += [
            "",
            f"{result.form.capitalize()} form, {result.seconds:,.0f} s, commit {commit[:12]}: "
            f"`{COMMAND} --only {proof.name}`",
            "",
        ]
    return "\n".join(lines).replace("\n\n\n", "\n\n").rstrip() + "\n"


def _row(check: Check) -> str:
    mark = {True: "pass", False: "FAIL", None: "told"}[check.passed]
    return f"| {check.what} | {check.shown} | {check.wanted} | {mark} |"

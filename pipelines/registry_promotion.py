"""Changes of aliases: promote, challenge, roll back; each made once, recorded, and whole.

The order makes a crash harmless. Under the lock of the name:

1. the intent is appended to the audit log and flushed;
2. the alias file is replaced by one rename: the change is made, or not;
3. "done" is appended.

Who comes next closes what a crash left open: the alias file names the change that it is
the result of, so an intent whose id stands there was carried out, any other was not.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

from models.errors import ArtefactError, ModelError
from pipelines import registry_audit as audit
from pipelines.registry_aliases import (
    CHALLENGER,
    CHAMPION,
    Aliases,
    alias_path,
    aliases_folder,
    locked,
    read_aliases,
    write_aliases,
)
from pipelines.registry_store import get_model, model_folder
from pipelines.registry_version import METADATA_FILE, StoredModel, digest, verify

#: What a change wants, given how things stand: whom it puts in place, and the result.
Decision = Callable[[Aliases], tuple[StoredModel, Aliases]]


def promote(
    model: StoredModel,
    *,
    why: str = "",
    evidence: Path | None = None,
    actor: str | None = None,
    over: Collection[str | None] | None = None,
) -> None:
    """Make a version the champion of its name; the old champion becomes the previous.

    why       reason, for the audit log
    evidence  file that shows it, such as a report; its path and sha256 are recorded
    actor     who decided, when it is not the user of this process
    over      whom it was found better than; with another champion nothing is changed

    Does nothing when it is the champion already. Raises ArtefactError for a damaged version,
    ConfigError for evidence that is not there, ModelError for a champion not in `over`.
    """

    def decide(now: Aliases) -> tuple[StoredModel, Aliases]:
        if over is not None and now.champion not in {*over, model.version}:
            beaten = " or ".join(map(str, over))
            raise ModelError(
                f"{model.tag} was found better than {beaten}, and the champion is {now.champion} "
                "now; compare them again"
            )
        return model, now.promoted(model.version)

    _change(
        model.name,
        audit.PROMOTE,
        decide,
        why=why,
        evidence=evidence,
        actor=actor,
    )


def challenge(
    model: StoredModel, *, why: str = "", evidence: Path | None = None, actor: str | None = None
) -> None:
    """Make a version the challenger of its name. Raises ModelError for the champion itself."""

    def decide(now: Aliases) -> tuple[StoredModel, Aliases]:
        if model.version == now.champion:
            raise ModelError(f"{model.tag} is the champion; name another version to challenge it")
        return model, now.challenged(model.version)

    _change(model.name, audit.CHALLENGE, decide, why=why, evidence=evidence, actor=actor)


def rollback(name: str, *, why: str = "", actor: str | None = None) -> StoredModel:
    """Put the previous champion back, and the present one in its place. Returns the former.

    Raises ArtefactError when there is none, or it is damaged.
    """

    def decide(now: Aliases) -> tuple[StoredModel, Aliases]:
        if now.previous is None:
            raise ArtefactError(
                f"no previous champion of {name!r} to go back to; promote a version with "
                f"`halyard models promote {name}:<version>`"
            )
        return get_model(name, now.previous), now.rolled_back()

    return _change(name, audit.ROLLBACK, decide, why=why, evidence=None, actor=actor)


def audit_records(name: str) -> list[audit.Record]:
    """Every change of a name, oldest first.

    Keys: id, at (UTC), action, from, to, sha256, why, evidence (path, sha256), who (user,
    host, pid, command), state (done, abandoned, pending), closed. What a crash left open is
    closed first, where this user may.
    """
    records = audit.changes(name)
    if _open(records) and os.access(aliases_folder(), os.W_OK):
        with locked(name):
            reconcile(name)
        return audit.changes(name)
    return records


def reconcile(name: str) -> list[audit.Record]:
    """Close what a crash left open, and return all changes. The caller holds the lock."""
    records = audit.changes(name)
    for record in _open(records):
        audit.append(name, audit.outcome(record, _fate(name, record)))
    return audit.changes(name)


def _change(
    name: str,
    action: str,
    decide: Decision,
    *,
    why: str,
    evidence: Path | None,
    actor: str | None,
) -> StoredModel:
    with locked(name):
        records = reconcile(name)
        now = read_aliases(name)
        model, wanted = decide(now)
        verify(model)
        _refuse_replaced(model, records)
        if wanted.same_as(now):
            # A server that refused this version looks at it again, now that it is whole.
            alias_path(name, ".json").touch()
            return model
        before = getattr(now, CHALLENGER if action == audit.CHALLENGE else CHAMPION)
        record = audit.intent(
            action,
            before,
            model.version,
            why=why,
            evidence=evidence,
            actor=actor,
            digest=digest(model),
        )
        audit.append(name, record)
        write_aliases(name, replace(wanted, change=record["id"]))
        audit.append(name, audit.outcome(record, audit.DONE))
    return model


def _open(records: list[audit.Record]) -> list[audit.Record]:
    return [record for record in records if record["state"] == audit.PENDING]


def _fate(name: str, record: audit.Record) -> str:
    """Whether a change that was cut short was made."""
    if record["action"] == audit.IMPORT:
        made = (model_folder(name, record["to"]) / METADATA_FILE).is_file()
    else:
        made = read_aliases(name).change == record["id"]
    return audit.DONE if made else audit.ABANDONED


def _refuse_replaced(model: StoredModel, records: list[audit.Record]) -> None:
    """Raise ArtefactError when the log knows this version as another one.

    Whoever changes a version and all sums in its folder has not changed the log.
    """
    here = digest(model)
    for record in records:
        made = record["state"] == audit.DONE and record["to"] == model.version
        if made and record["sha256"] != here:
            raise ArtefactError(
                f"model {model.tag}: not the version of {record['at'][:19]} UTC in the audit log "
                "(the sha256 of its metadata differs); restore it or train again"
            )

"""The audit log of a name: who changed its aliases, when, from what to what, and why.

::

    $HALYARD_HOME/aliases/fund-sharpe.audit.jsonl

Only ever appended to. A change writes two lines: its intent before it is made, with all
that is known, and "done" or "abandoned" after. A crash may tear the newest line; it is
passed over.
"""

from __future__ import annotations

import getpass
import json
import os
import re
import shlex
import socket
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from models.errors import ConfigError
from pipelines.registry_aliases import alias_path
from pipelines.registry_version import sha256

PROMOTE, CHALLENGE, ROLLBACK, IMPORT = "promote", "challenge", "rollback", "import"
PENDING, DONE, ABANDONED = "pending", "done", "abandoned"
Record = dict[str, Any]
#: A password in a URL on the command line is not to be kept.
_PASSWORD = re.compile(r"(://[^/@:\s]*):[^/@\s]*@")


def intent(
    action: str,
    before: str | None,
    after: str,
    *,
    why: str,
    evidence: Path | None,
    actor: str | None,
    digest: str,
) -> Record:
    """A record of a change that is about to be made. Raises ConfigError without the evidence.

    before, after   version that holds the alias, and that will
    digest          sha256 that stands for the version `after`
    """
    return {
        "id": uuid4().hex,
        "state": PENDING,
        "at": _now(),
        "action": action,
        "from": before,
        "to": after,
        "sha256": digest,
        "why": why,
        "evidence": None if evidence is None else _evidence(evidence),
        "who": who(actor),
    }


def outcome(record: Mapping[str, Any], state: str) -> Record:
    """The line that closes a change."""
    return {"id": record["id"], "state": state, "at": _now()}


def append(name: str, record: Mapping[str, Any]) -> None:
    """Add one line, durably. The caller holds the lock."""
    from pipelines.atomic import flush_folder

    file = audit_file(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps(record, allow_nan=False).encode() + b"\n"
    descriptor = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        size = os.fstat(descriptor).st_size
        # The rest of a line that a crash tore stays a line of its own.
        torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        os.write(descriptor, (b"\n" if torn else b"") + line)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if size == 0:
        flush_folder(file.parent)


def changes(name: str) -> list[Record]:
    """Every change, oldest first, each with its latest state and when it got that."""
    found: dict[str, Record] = {}
    for line in _lines(audit_file(name)):
        if line["id"] in found:
            found[line["id"]] |= {"state": line["state"], "closed": line["at"]}
        elif "action" in line:
            found[line["id"]] = line
    return list(found.values())


def audit_file(name: str) -> Path:
    """Where the log of a name lies."""
    return alias_path(name, ".audit.jsonl")


def who(actor: str | None = None) -> dict[str, Any]:
    """User (or the one named), host, process and command, without passwords."""
    command = _PASSWORD.sub(r"\1:***@", shlex.join(sys.orig_argv))
    return {
        "user": actor or user_name(),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "command": command,
    }


def user_name() -> str:
    """Name of the user, its number where it has no name, as in many containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _lines(file: Path) -> list[Record]:
    found: list[Record] = []
    for text in file.read_bytes().splitlines() if file.is_file() else ():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict) and line.keys() >= {"id", "state", "at"}:
            found.append(line)
    return found


def _evidence(file: Path) -> dict[str, str]:
    if not file.is_file():
        raise ConfigError(f"evidence {file}: no such file; give the report that led to this")
    return {"path": str(file.resolve()), "sha256": sha256(file)}


def _now() -> str:
    return datetime.now(UTC).isoformat()

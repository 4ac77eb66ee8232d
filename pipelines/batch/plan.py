"""The plan of a run: what goes in, what is done with it, in which pieces, stamped with what time.

It is written before the first shard. A resumed run takes the pieces and the time from it, so
that it ends with the same bytes, and refuses to go on with another input or model.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from models.errors import ArtefactError, ConfigError
from pipelines.batch.contract import BatchJob, Shard, Sink, Source

FORMAT = 1


@dataclass(frozen=True)
class Plan:
    """What a run was asked for; `source`, `job` and `sink` are their fingerprints."""

    source: Mapping[str, Any]
    job: Mapping[str, Any]
    sink: Mapping[str, Any]
    shards: tuple[Shard, ...]
    created_at: datetime

    @classmethod
    def of(
        cls,
        source: Source,
        job: BatchJob,
        sink: Sink,
        shards: Sequence[Shard],
        created_at: datetime,
    ) -> Plan:
        """Plan a run."""
        into, done, out = (_plain(part.fingerprint()) for part in (source, job, sink))
        return cls(into, done, out, tuple(shards), created_at)

    @property
    def rows(self) -> int:
        """Rows of input."""
        return sum(shard.rows for shard in self.shards)

    @property
    def run_id(self) -> str:
        """A name that the same plan always has and no other."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:32]

    def to_json(self) -> str:
        """As text, the same for the same plan."""
        about = {
            "format": FORMAT,
            "created_at": self.created_at.isoformat(),
            "job": self.job,
            "source": self.source,
            "sink": self.sink,
            "shards": [asdict(shard) for shard in self.shards],
        }
        return json.dumps(about, indent=1, sort_keys=True, allow_nan=False)

    @classmethod
    def from_json(cls, text: str, where: str) -> Plan:
        """Inverse of `to_json`. Raises ArtefactError."""
        try:
            about = json.loads(text)
            if about["format"] != FORMAT:
                raise KeyError(f"format {about['format']}")
            return cls(
                about["source"],
                about["job"],
                about["sink"],
                tuple(Shard(**shard) for shard in about["shards"]),
                datetime.fromisoformat(about["created_at"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise ArtefactError(
                f"{where}: not a plan of this version ({error}); start anew with --overwrite"
            ) from error

    def refuse_other(self, source: Source, job: BatchJob, sink: Sink) -> None:
        """Raise ConfigError, naming what differs, when a resumed run is not the planned one."""
        parts = (
            ("input", self.source, source),
            ("model", self.job, job),
            ("output", self.sink, sink),
        )
        for name, planned, now in parts:
            different = next(_differences(planned, _plain(now.fingerprint())), None)
            if different is not None:
                raise ConfigError(
                    f"--resume: the {name} is not that of the unfinished run: {different}; "
                    "give the same again, or start anew with --overwrite"
                )


def _plain(about: Mapping[str, Any]) -> dict[str, Any]:
    """As it looks after a trip through JSON: tuples are lists."""
    plain: dict[str, Any] = json.loads(json.dumps(about, allow_nan=False))
    return plain


def _differences(planned: Any, now: Any, path: str = "") -> Iterator[str]:
    if isinstance(planned, dict) and isinstance(now, dict):
        for key in sorted({*planned, *now}):
            yield from _differences(
                planned.get(key), now.get(key), f"{path}.{key}" if path else key
            )
    elif isinstance(planned, list) and isinstance(now, list) and len(planned) == len(now):
        for place, (one, other) in enumerate(zip(planned, now, strict=True)):
            yield from _differences(one, other, f"{path}[{place}]")
    elif planned != now:
        yield f"{path} was {_shown(planned)}, now {_shown(now)}"


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."

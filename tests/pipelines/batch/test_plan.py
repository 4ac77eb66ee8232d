"""A plan is what it was when it is read again, and refuses another input or model."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from models.errors import ArtefactError, ConfigError
from pipelines.batch.contract import Kept
from pipelines.batch.plan import Plan
from pipelines.batch.records import Records
from pipelines.batch.sinks import ParquetFolder
from pipelines.batch.work import batch_schema
from tests.pipelines.batch.toy import MOMENT, Numbers, Squares


def plan(source: Numbers | None = None) -> Plan:
    source = source or Numbers()
    return Plan.of(source, Squares(), ParquetFolder(Path("out")), source.shards(), MOMENT)


def test_a_plan_comes_back_from_its_text_and_names_its_run() -> None:
    again = Plan.from_json(plan().to_json(), "plan")
    assert again == plan()
    assert again.run_id == plan().run_id
    assert plan(Numbers(11)).run_id != plan().run_id
    assert plan().rows == 10


@pytest.mark.parametrize("text", ["", "{}", '{"format": 0}', '{"format": 1}'])
def test_a_text_that_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(ArtefactError, match=r"_plan\.json: not a plan of this version"):
        Plan.from_json(text, "_plan.json")


@dataclass(frozen=True)
class Listed(Numbers):
    """A source whose fingerprint holds a list, as that of files does."""

    files: tuple[str, ...] = ("a", "b")

    def fingerprint(self) -> dict[str, object]:
        return {"files": [{"name": name, "about": "x" * 100} for name in self.files]}


def test_what_differs_in_a_list_is_named_by_its_place() -> None:
    sink = ParquetFolder(Path("out"))
    made = plan(Listed())
    with pytest.raises(ConfigError, match=r'files\[1\]\.name was "b", now "c"'):
        made.refuse_other(Listed(files=("a", "c")), Squares(), sink)
    with pytest.raises(ConfigError, match=r"files was \[.*\.\.\., now \["):
        made.refuse_other(Listed(files=("a",)), Squares(), sink)
    made.refuse_other(Listed(), Squares(), sink)


def test_a_record_that_cannot_be_read_counts_as_none(tmp_path: Path) -> None:
    records = Records(tmp_path)
    kept = Kept(3, 10, 1, {"part-000003.parquet": "abc"}, {"because": 1})
    records.add(kept)
    (tmp_path / "_shards/000004.json").write_text(json.dumps({"index": 4}))
    (tmp_path / "_shards/000005.json").write_text("{")
    assert records.kept() == [kept]
    assert [path.name for path in (tmp_path / "_shards").iterdir()] == ["000003.json"]


def test_a_sink_is_given_the_columns_of_the_job_and_the_moment() -> None:
    assert list(batch_schema(Squares())) == ["id", "square", "version", "created_at"]

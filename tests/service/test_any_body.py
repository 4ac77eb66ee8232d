"""Whatever stands where in a body: an answer, or a refusal that names a field; never a defect."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from service.fund_sharpe import FORECAST_PATH
from service.gateway import Gateway
from service.predictor import Predictor
from tests.service.doubles import MeanModel
from tests.service.requests import RETURNS, good

Path = tuple[str | int, ...]

PATHS: list[Path] = [
    ("funds",),
    ("funds", 0),
    *(("funds", 0, name) for name in ("id", "returns", "start", "dates", "risk_free", "other")),
    ("funds", 0, "returns", 3),
    ("risk_free",),
    ("horizons",),
    ("horizons", 0),
    ("targets",),
    ("intervals",),
    ("intervals", 0),
]
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["none", "2015-01", "2199-12", 2**70, [0.001] * 24, [None] * 24, RETURNS]),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=30), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)
PREDICTOR = Predictor(MeanModel(), "fund-sharpe", "v1", {})
CLIENT = TestClient(Gateway(lambda: PREDICTOR), raise_server_exceptions=False)


def put(body: Any, path: Path, value: Any) -> None:
    """Set a value where the path leads; where it leads nowhere by now, nothing happens."""
    for step in path[:-1]:
        if not isinstance(body, dict | list) or (isinstance(body, list) and not body):
            return
        body = body.get(step) if isinstance(body, dict) else body[0]
    last = path[-1]
    if isinstance(body, dict) and isinstance(last, str):
        body[last] = value
    elif isinstance(body, list) and body and isinstance(last, int):
        body[min(last, len(body) - 1)] = value


def no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from(PATHS), VALUES), min_size=1, max_size=3))
def test_any_value_anywhere_is_answered_or_refused(changes: list[tuple[Path, Any]]) -> None:
    body = {**good(), "horizons": [6, 12], "targets": ["rolling"], "intervals": [0.5]}
    for path, value in changes:
        put(body, path, copy.deepcopy(value))
    answer = CLIENT.post(
        FORECAST_PATH, content=json.dumps(body), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in (200, 422), answer.text
    said = json.loads(answer.text, parse_constant=no_constant)
    assert ("funds" in said) == (answer.status_code == 200)
    assert answer.status_code == 200 or said["error"]["details"]

"""The one shape of every HTTP error: {"error": {"code", "message", "details"}}.

`details` lists the offending fields, each with its path in the request body, what was
expected and what came. A stack trace never leaves the server.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import ValidationError
from starlette.responses import Response

from models.errors import RequestError
from service.epochs import EPOCH_PATTERN, EPOCH_WORDS

#: More faults than this are counted, not listed.
MAX_DETAILS = 20
_MAX_SHOWN = 60
#: The largest whole number that every reader of JSON takes as it is.
_MAX_WHOLE = 2**53

CODES: Mapping[int, str] = {
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "body_too_large",
    415: "unsupported_media_type",
    422: "invalid_request",
    500: "internal_error",
    503: "not_ready",
    504: "deadline_exceeded",
}


@dataclass(frozen=True)
class Detail:
    """One wrong field: its path, e.g. "funds[0].returns[3]", what is wrong, what came."""

    field: str
    message: str
    got: Any = None


class ServiceError(RequestError):
    """An answer other than 200, with the fields that caused it."""

    def __init__(
        self,
        status: int,
        message: str,
        details: Sequence[Detail] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, details[0].field if details else "")
        self.status, self.details, self.headers = status, tuple(details), headers


def invalid(details: Sequence[Detail]) -> ServiceError:
    """The 422 that names every wrong field."""
    first = details[0]
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    return ServiceError(422, f"{first.field}: {first.message}{more}", details)


def error_response(error: ServiceError) -> Response:
    """Put an error into its envelope."""
    body = {
        "error": {
            "code": CODES[error.status],
            "message": str(error),
            "details": [asdict(detail) for detail in error.details[:MAX_DETAILS]],
        }
    }
    return Response(
        json.dumps(body, allow_nan=False),
        error.status,
        media_type="application/json",
        headers=dict(error.headers or {}),
    )


def from_validation(error: ValidationError, known: Mapping[str, Sequence[str]]) -> ServiceError:
    """Say pydantic's findings in our words.

    known   fields that exist, by the name of the field that holds them ("" for the body)
    """
    return invalid([_detail(problem, known) for problem in error.errors(include_url=False)])


def field_path(location: Sequence[int | str]) -> str:
    """Write ("funds", 0, "returns", 3) as "funds[0].returns[3]"; the whole is "body"."""
    path = ""
    for step in location:
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
    return path.removeprefix(".") or "body"


def shown(value: Any) -> Any:
    """A value as JSON can hold it, cut to a readable length."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < _MAX_WHOLE else "a number beyond all bounds"
    if isinstance(value, float):
        return value if abs(value) < float("inf") else str(value)
    if isinstance(value, dict | list):
        return f"{'object' if isinstance(value, dict) else 'list'} of {len(value)}"
    text = str(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."


#: Steps that pydantic adds to a location for the member of a union that it tried.
UNION_TAGS = frozenset({"number", "series", "word", "rows", "columns"})

_WORDS = {
    "missing": "this field is needed and not there",
    "finite_number": "expected a finite number",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "int_type": "expected a whole number",
    "int_from_float": "expected a whole number",
    "string_type": "expected a text",
    "list_type": "expected a list",
    "model_type": "expected an object",
    "model_attributes_type": "expected an object",
}


def _detail(problem: Mapping[str, Any], known: Mapping[str, Sequence[str]]) -> Detail:
    kind, context = problem["type"], problem.get("ctx", {})
    location = [step for step in problem["loc"] if step not in UNION_TAGS]
    message = _WORDS.get(kind)
    if kind == "json_invalid":
        return Detail("body", f"expected JSON: {context['error']}")
    if kind == "extra_forbidden":
        holder = next((s for s in reversed(location[:-1]) if isinstance(s, str)), "")
        message = f"unknown field; there are: {', '.join(known[holder])}"
    elif kind == "finite_number" and "returns" in location:
        message = "expected a finite number (null marks a month without a return)"
    elif kind == "string_pattern_mismatch" and context["pattern"] == EPOCH_PATTERN:
        message = EPOCH_WORDS
    elif kind == "string_pattern_mismatch":
        day = ' or a day like "2015-01-31"' if "dates" in location else ""
        message = f'expected a month like "2015-01"{day}'
    elif kind in ("too_long", "too_short"):
        limit = context.get("max_length", context.get("min_length"))
        bound = "at most" if kind == "too_long" else "at least"
        message = f"expected {bound} {limit} item{'s' if limit != 1 else ''}"
    if message is None:
        message = str(problem["msg"]).removeprefix("Value error, ")
        message = message.replace("Input should be", "expected")
        message = message[0].lower() + message[1:]
    got = None if kind == "missing" else shown(problem["input"])
    return Detail(field_path(location), message, got)

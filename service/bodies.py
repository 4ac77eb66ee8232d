"""Read a request's body: bounded, of a known type, and of the schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from service.errors import Detail, ServiceError, from_validation
from service.schemas import KNOWN_FIELDS, ForecastRequest

JSON = "application/json"
#: 1000 funds × 1200 months do not fit; 1000 funds × 400 months do.
MAX_BODY = 8 * 1024 * 1024

Schema = TypeVar("Schema", bound=BaseModel)


async def read_request(request: Request) -> ForecastRequest:
    """Funds to forecast. Raises ServiceError: 413, 415 or 422."""
    body_type(request, (JSON,))
    body = await read_body(request, MAX_BODY, "send fewer funds at a time")
    return parse(body, ForecastRequest, KNOWN_FIELDS)


def parse(body: bytes, schema: type[Schema], known: Mapping[str, Sequence[str]]) -> Schema:
    """A body as the schema; `known` is for errors.from_validation. Raises ServiceError (422)."""
    try:
        return schema.model_validate_json(body)
    except ValidationError as error:
        raise from_validation(error, known) from None


def body_type(request: Request, known: Sequence[str]) -> str:
    """Type of the body, one of `known`; the first one if unsaid. Raises ServiceError (415)."""
    given = request.headers.get("content-type", known[0])
    found = given.partition(";")[0].strip().lower()
    if found not in known:
        listed = " or ".join(known)
        raise ServiceError(
            415,
            f"expected Content-Type {listed}, got {given[:80]} "
            f"(curl: -H 'Content-Type: {known[0]}')",
            [Detail("header.Content-Type", f"expected {listed}", given[:80])],
        )
    _refuse_encoding(request)
    return found


def answer_type(request: Request, known: Sequence[str], default: str) -> str:
    """Type that the caller accepts, one of `known`. Raises ServiceError (406).

    Several types are taken in the order given; weights are not read.
    """
    header = request.headers.get("accept", "*/*")
    for word in header.split(","):
        wanted = word.partition(";")[0].strip().lower()
        if wanted in known:
            return wanted
        if wanted in ("*/*", "application/*", ""):
            return default
    listed = ", ".join(known)
    message = f"expected Accept of {listed}, got {header[:80]}"
    raise ServiceError(406, message, [Detail("header.Accept", f"expected {listed}", header[:80])])


async def read_body(request: Request, limit: int, advice: str) -> bytes:
    """The body; stops reading at the limit, also when the length is not announced.

    advice   what a caller should do whose body is too large

    Raises ServiceError (413).
    """
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > limit:
        raise _too_large(int(announced), limit, advice)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_large(len(body), limit, advice)
    return bytes(body)


def _refuse_encoding(request: Request) -> None:
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.strip().lower() != "identity":
        raise ServiceError(
            415,
            f"expected a body without Content-Encoding, got {encoding[:80]}; send it plain",
            [Detail("header.Content-Encoding", "expected none", encoding[:80])],
        )


def _too_large(size: int, limit: int, advice: str) -> ServiceError:
    message = f"expected a body of at most {limit} bytes; {advice}"
    return ServiceError(413, message, [Detail("body", message, size)], {"Connection": "close"})

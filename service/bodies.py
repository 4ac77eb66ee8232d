"""Read a request's body: bounded, JSON, and of the schema."""

from __future__ import annotations

from pydantic import ValidationError
from starlette.requests import Request

from service.errors import Detail, ServiceError, from_validation
from service.schemas import KNOWN_FIELDS, ForecastRequest

#: 1000 funds × 1200 months do not fit; 1000 funds × 400 months do.
MAX_BODY = 8 * 1024 * 1024


async def read_request(request: Request) -> ForecastRequest:
    """Raises ServiceError: 413, 415 or 422."""
    _check_media_type(request)
    try:
        return ForecastRequest.model_validate_json(await _read_body(request))
    except ValidationError as error:
        raise from_validation(error, KNOWN_FIELDS) from None


def _check_media_type(request: Request) -> None:
    given = request.headers.get("content-type", "application/json")
    if given.partition(";")[0].strip().lower() != "application/json":
        raise ServiceError(
            415,
            f"expected Content-Type application/json, got {given[:80]} "
            "(curl: -H 'Content-Type: application/json')",
            [Detail("header.Content-Type", "expected application/json", given[:80])],
        )
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.strip().lower() != "identity":
        raise ServiceError(
            415,
            f"expected a body without Content-Encoding, got {encoding[:80]}; send plain JSON",
            [Detail("header.Content-Encoding", "expected none", encoding[:80])],
        )


async def _read_body(request: Request) -> bytes:
    """Stop reading at the limit, also when the length is not announced."""
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > MAX_BODY:
        raise _too_large(int(announced))
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise _too_large(len(body))
    return bytes(body)


def _too_large(size: int) -> ServiceError:
    message = f"expected a body of at most {MAX_BODY} bytes; send fewer funds at a time"
    return ServiceError(413, message, [Detail("body", message, size)], {"Connection": "close"})

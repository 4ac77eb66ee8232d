"""The bodies of the HTTP interface: strict, so that a misspelt or mistyped field is refused.

Months are "2015-01"; returns and rates are decimal per month (0.012 for 1.2 %).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag

from service.example import EXAMPLE_REQUEST

MAX_FUNDS = 1000
MAX_MONTHS = 1200

Finite = Annotated[float, Field(allow_inf_nan=False)]
Month = Annotated[str, StringConstraints(pattern=r"^(19|20|21)\d\d-(0[1-9]|1[0-2])$")]
Day = Annotated[
    str, StringConstraints(pattern=r"^(19|20|21)\d\d-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?$")
]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


def _kind_of_rate(value: Any) -> str | None:
    if isinstance(value, list):
        return "series"
    if isinstance(value, str):
        return "word"
    return "number" if isinstance(value, int | float) else None


RiskFree = Annotated[
    Annotated[Finite, Tag("number")]
    | Annotated[list[Finite], Tag("series")]
    | Annotated[Literal["none"], Tag("word")],
    Discriminator(
        _kind_of_rate,
        custom_error_type="risk_free_type",
        custom_error_message='expected a number, a list of numbers or "none"',
    ),
]


class Body(BaseModel):
    """Base of all bodies: no unknown fields, no conversion of types, frozen."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class FundSeries(Body):
    """Monthly returns of one fund."""

    id: Name = Field(description="name of the fund, once per request")
    returns: list[Finite | None] = Field(
        min_length=1,
        max_length=MAX_MONTHS,
        description="decimal returns (0.012 for 1.2 %), oldest first; null for a missing month",
    )
    start: Month | None = Field(None, description="month of the first return; or give dates")
    dates: list[Day] | None = Field(
        None, description="month (or day) of each return, ascending; or give start"
    )
    risk_free: RiskFree | None = Field(
        None, description="risk-free return of this fund's months; replaces that of the request"
    )


class ForecastRequest(Body):
    """Funds to forecast, and what to say of them."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_REQUEST]})

    funds: list[FundSeries] = Field(min_length=1, max_length=MAX_FUNDS)
    risk_free: RiskFree | None = Field(
        None,
        description="decimal return per month: one number, one for each return, or "
        '"none" when the returns are excess returns already',
    )
    horizons: list[int] | None = Field(
        None, min_length=1, description="months ahead; default: all that the model has"
    )
    targets: list[str] | None = Field(
        None,
        min_length=1,
        description="rolling: Sharpe ratio of the window that ends at the horizon; "
        "forward: that of the months up to it; default: both",
    )
    intervals: list[Finite] = Field(
        default=[0.8, 0.95], description="coverage of central intervals, 0.05 to 0.95"
    )


#: Fields that may stand in each object, for the message about an unknown one.
KNOWN_FIELDS: Mapping[str, Sequence[str]] = {
    "": tuple(ForecastRequest.model_fields),
    "funds": tuple(FundSeries.model_fields),
}


class Interval(Body):
    """A central interval: the Sharpe ratio falls into it with probability `level`."""

    level: Finite
    lower: Finite
    upper: Finite


class LeadForecast(Body):
    """Forecast of one target at one horizon, annualised Sharpe ratio."""

    target: str
    horizon: int = Field(description="months ahead")
    month: str = Field(description="last month of the window that is forecast")
    mean: Finite
    median: Finite
    intervals: list[Interval]


class SharpeSoFar(Body):
    """An annualised Sharpe ratio of the past; null where months are missing."""

    months: int
    value: Finite | None
    standard_error: Finite | None = Field(
        description="allows for skewness and kurtosis of the returns (Mertens 2002)"
    )


class FundAnswer(Body):
    """All that is said of one fund."""

    id: str
    last_month: str
    months: int = Field(description="months with a return")
    rolling: SharpeSoFar = Field(description="Sharpe ratio of the newest window")
    full_history: SharpeSoFar
    forecasts: list[LeadForecast]
    warnings: list[str]


class ModelSummary(Body):
    """Who answered."""

    name: str
    version: str
    trained_until: str
    window: int = Field(description="months of the rolling Sharpe ratio")


class ForecastAnswer(Body):
    """Forecasts, in the order of the funds in the request."""

    model: ModelSummary
    funds: list[FundAnswer]


class ModelDescription(ModelSummary):
    """A model that can be asked, and what is known of it."""

    horizons: list[int]
    targets: list[str]
    min_history: int = Field(description="months that a fund needs")
    created: str | None
    data: dict[str, Any]
    metrics: dict[str, Any]


class ErrorDetail(Body):
    """One wrong field."""

    field: str = Field(description='its path in the body, e.g. "funds[0].returns[3]"')
    message: str
    got: Any = None


class ErrorBody(Body):
    """What went wrong."""

    code: str
    message: str
    details: list[ErrorDetail]


class ErrorEnvelope(Body):
    """The body of every answer that is not 200."""

    error: ErrorBody

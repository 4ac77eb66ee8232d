"""The search space of a tuning study, written in YAML and checked when loaded.

A parameter may exist only while an earlier one has certain values (`when`): the choice
of a loss, for example, is left only to heads that have several.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Protocol, Self

from pydantic import Field, model_validator

from pipelines.config import StrictModel

Scalar = str | bool | int | float
Parameters = dict[str, Any]


class Suggester(Protocol):
    """What draws a value within bounds; an Optuna trial is one."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool) -> float: ...

    def suggest_int(self, name: str, low: int, high: int, *, step: int, log: bool) -> int: ...

    def suggest_categorical(self, name: str, choices: tuple[Any, ...]) -> Any: ...


class _Parameter(StrictModel):
    """What every parameter has: the condition under which it exists."""

    when: dict[str, Scalar | tuple[Scalar, ...]] = Field(default_factory=dict)

    def exists(self, chosen: Parameters) -> bool:
        """Say whether the values chosen so far call for this parameter."""
        return all(
            name in chosen and chosen[name] in _as_tuple(values)
            for name, values in self.when.items()
        )


class FloatParameter(_Parameter):
    """A real number in [low, high], drawn on a log scale if `log`."""

    type: Literal["float"]
    low: float
    high: float
    log: bool = False

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        _check_bounds(self.low, self.high, self.log)
        return self

    def suggest(self, name: str, suggester: Suggester) -> float:
        return suggester.suggest_float(name, self.low, self.high, log=self.log)

    def may_be(self, value: Scalar) -> bool:
        return isinstance(value, int | float) and self.low <= value <= self.high


class IntParameter(_Parameter):
    """A whole number low, low + step, ... up to high."""

    type: Literal["int"]
    low: int
    high: int
    step: int = Field(1, ge=1)
    log: bool = False

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        _check_bounds(self.low, self.high, self.log)
        if self.log and self.step != 1:
            raise ValueError(f"expected step 1 on a log scale, got {self.step}")
        return self

    def suggest(self, name: str, suggester: Suggester) -> int:
        return suggester.suggest_int(name, self.low, self.high, step=self.step, log=self.log)

    def may_be(self, value: Scalar) -> bool:
        return isinstance(value, int) and value in range(self.low, self.high + 1, self.step)


class CategoricalParameter(_Parameter):
    """One of a few values without an order."""

    type: Literal["categorical"]
    choices: tuple[Scalar, ...] = Field(min_length=1)

    def suggest(self, name: str, suggester: Suggester) -> Any:
        return suggester.suggest_categorical(name, self.choices)

    def may_be(self, value: Scalar) -> bool:
        return value in self.choices


Parameter = Annotated[
    FloatParameter | IntParameter | CategoricalParameter, Field(discriminator="type")
]


class SearchSpace(StrictModel):
    """Named parameters in the order in which they are drawn."""

    parameters: dict[str, Parameter] = Field(min_length=1)

    @model_validator(mode="after")
    def _conditions_can_be_met(self) -> Self:
        earlier: dict[str, Parameter] = {}
        for name, parameter in self.parameters.items():
            for other, values in parameter.when.items():
                if other not in earlier:
                    raise ValueError(
                        f"{name}.when: expected an earlier parameter, got {other!r}; "
                        f"earlier ones: {', '.join(earlier) or 'none'}"
                    )
                never = [v for v in _as_tuple(values) if not earlier[other].may_be(v)]
                if never:
                    raise ValueError(f"{name}.when: {other} can never be {never[0]!r}")
            earlier[name] = parameter
        return self

    def suggest(self, suggester: Suggester) -> Parameters:
        """Draw one point; parameters whose condition is not met are absent."""
        chosen: Parameters = {}
        for name, parameter in self.parameters.items():
            if parameter.exists(chosen):
                chosen[name] = parameter.suggest(name, suggester)
        return chosen


def _as_tuple(values: Scalar | tuple[Scalar, ...]) -> tuple[Scalar, ...]:
    return values if isinstance(values, tuple) else (values,)


def _check_bounds(low: float, high: float, log: bool) -> None:
    if low > high:
        raise ValueError(f"expected low <= high, got {low} and {high}")
    if log and low <= 0:
        raise ValueError(f"expected low > 0 on a log scale, got {low}")

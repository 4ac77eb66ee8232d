"""One question with its answers: in numbers for JSON, and in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from models.contract import FloatArray
from models.diagnostics.sensitivity import Push, Question, Sensitivity, sensitivity, worst_push

#: Groups that a sentence names.
NAMED = 3


@dataclass(frozen=True)
class Section:
    """Answers to one question.

    key      names its files
    title    heading
    about    what is moved, and what is held
    lead     place of the lead that sentences and figures are about
    percent  outcomes are log10, and changes are told as a share of the outcome
    newest   how many of the newest steps a figure shows
    words    what names mean
    """

    key: str
    title: str
    about: str
    found: Sensitivity
    pushes: tuple[Push, ...]
    lead: int = 0
    percent: bool = False
    newest: int = 200
    words: Mapping[str, str] = field(default_factory=dict)

    def shown(self, change: FloatArray | float) -> FloatArray:
        """A change as it is told: in units of the outcome, or in per cent of it."""
        moved = np.asarray(change, dtype=np.float64)
        return np.asarray(100.0 * np.expm1(np.log(10.0) * moved)) if self.percent else moved

    def text(self, change: float) -> str:
        """The same in words."""
        value = float(self.shown(change))
        digits = 3 if not self.percent else 0 if abs(value) >= 9.95 else 1
        # Without a minus before nothing.
        word = f"{round(value, digits) + 0.0:+.{digits}f}".replace("-", "−")
        return f"{word} %" if self.percent else word

    @property
    def unit(self) -> str:
        return "% of density" if self.percent else "Sharpe ratio"

    def to_json(self) -> dict[str, Any]:
        """All numbers, in units of the outcome."""
        found = self.found
        return {
            "question": self.key,
            "about": self.about,
            "unit": "log10 of kg/m3" if self.percent else self.unit,
            "leads": list(found.leads),
            "forecast": _rounded(found.base),
            "groups": {
                name: {
                    lead: {"down": float(down), "up": float(up)}
                    for lead, (down, up) in zip(found.leads, found.together[:, place], strict=True)
                }
                for place, name in enumerate(found.groups)
            },
            "inputs": [
                {
                    "group": found.inputs.group[place],
                    "step": found.inputs.step[place],
                    "value": _number(found.inputs.value[place]),
                    "deviation": float(found.inputs.spread[place]),
                    "slope": _rounded(found.slope[:, place]),
                    "down": _rounded(found.single[:, place, 0]),
                    "up": _rounded(found.single[:, place, 1]),
                }
                for place in range(len(found.inputs))
            ],
            "pushes": [asdict(push) for push in self.pushes],
            "slopes_checked": found.checked,
        }


def ask(
    question: Question,
    key: str,
    title: str,
    about: str,
    *,
    size: float,
    lead: int = 0,
    percent: bool = False,
    newest: int = 200,
    words: Mapping[str, str] | None = None,
) -> Section:
    """Put a question: sensitivities, and a push of this size for every lead."""
    found = sensitivity(question)
    pushes = tuple(worst_push(question, found, one, size) for one in range(len(found.leads)))
    return Section(key, title, about, found, pushes, lead, percent, newest, words or {})


def sentences(section: Section) -> list[str]:
    """What moves the chosen lead, and how far it can be trusted."""
    found = section.found
    order = [name for name in found.order(section.lead) if name not in found.idle]
    single = [name for name in order if name not in found.bundles]
    if not single:
        return [f"Nothing that was moved here moves {found.leads[section.lead]}."]
    lead = found.leads[section.lead]
    how = "in the mean" if found.independent else "throughout"
    first = f"What moves {lead} most, one standard deviation {how}"
    told = []
    if _many_bundles(found):
        told.append(_most(section, first, [name for name in order if name in found.bundles]))
        first = "Group by group"
    told += [_most(section, first, single), _one(section), _push(section)]
    if found.idle:
        told.append(f"No effect on any lead: {', '.join(found.idle)}.")
    if found.checked is not None:
        told.append(
            "Slopes by automatic differentiation and by forecasting anew differ by at most "
            f"{100 * found.checked:.2g} % of the largest."
        )
    return told


def headline(section: Section) -> str:
    """The group that moves the chosen lead most, in one sentence."""
    found = section.found
    names = [name for name in found.order(section.lead) if name not in found.idle]
    if not _many_bundles(found):
        names = [name for name in names if name not in found.bundles]
    lead = found.leads[section.lead]
    if not names:
        return f"Nothing that was moved here moves the forecast for {lead}"
    return f"The forecast for {lead} hangs most on {_moves(section, names[0])}"


def _many_bundles(found: Sensitivity) -> bool:
    """A single bundle holds all inputs: nothing to compare it with."""
    return len(found.bundles) > 1


def _most(section: Section, first: str, names: list[str]) -> str:
    return f"{first}: {'; '.join(_moves(section, name) for name in names[:NAMED])}."


def _moves(section: Section, name: str) -> str:
    down, up = (section.text(change) for change in section.found.move(section.lead, name))
    return f"{name} ({down} when lower, {up} when higher)"


def _one(section: Section) -> str:
    """The single input that moves the lead most."""
    found = section.found
    place = int(np.abs(found.single[section.lead]).max(axis=1).argmax())
    down, up = (section.text(float(change)) for change in found.single[section.lead, place])
    step = found.inputs.step[place]
    where = f"{found.inputs.group[place]}, {step}" if step else found.inputs.group[place]
    spread = f"{found.inputs.spread[place]:.3g}"
    return f"Of single inputs, {where} (one deviation: {spread}) moves it most: {down} to {up}."


def _push(section: Section) -> str:
    push = section.pushes[section.lead]
    down, up, random = (section.text(c) for c in (push.down, push.up, push.random))
    return (
        f"Errors of at most {push.size:g} deviations in every input move it by {down} to {up} in "
        f"the worst direction (the slope promises {section.text(push.expected)}), and by "
        f"{random.lstrip('+')} in random ones (root mean square)."
    )


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _rounded(values: FloatArray) -> list[float]:
    return [float(f"{value:.6g}") for value in values]

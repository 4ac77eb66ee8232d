"""The models that answer now for one name, and how newly promoted ones take their place.

A slot holds one name of `pipelines.served.SERVED` with all that goes live with it. What
answers is one pointer: it is read once for a request and replaced in one step, after the
new models were checked, loaded and warmed up. Models that fail any of that stay out, and
are not tried again until an alias file is written again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from models.errors import ArtefactError, HalyardError
from pipelines.registry import StoredModel
from pipelines.served import GROUPS, Choice, choose, promoted_at

logger = logging.getLogger("bentoml.halyard")

Answering = TypeVar("Answering")


class Meters(Protocol):
    """Who counts swaps."""

    def serving(self, before: Mapping[str, str], after: Mapping[str, str]) -> None:
        """Other versions answer, by name."""

    def tried(self, names: Sequence[str], result: str, seconds: float) -> None:
        """Models were "swapped" or "refused", so long after that was noticed."""


@dataclass(frozen=True)
class Refusal:
    """A promoted model that does not answer; its version is None where none can be read."""

    name: str
    version: str | None
    reason: str


@dataclass(frozen=True)
class _Failure:
    """What went wrong with candidates, versions by name."""

    candidates: Mapping[str, str | None]
    error: Exception


@dataclass(frozen=True)
class _Serving(Generic[Answering]):
    """What answers, and the versions that it is made of."""

    predictor: Answering
    versions: Mapping[str, str]


class Slot(Generic[Answering]):
    """What answers for a name. Only one thread at a time may call `start` or `follow`.

    load   reads, checks and warms up the models of a choice
    """

    def __init__(
        self,
        name: str,
        load: Callable[[Mapping[str, StoredModel]], Answering],
        meters: Meters,
    ) -> None:
        self._name, self._load, self._meters = name, load, meters
        self._serving: _Serving[Answering] | None = None
        self._seen: object = None
        self.refused: tuple[Refusal, ...] = ()

    @property
    def predictor(self) -> Answering | None:
        """Who answers now. Ask once for a request: the next moment it may be another."""
        return None if self._serving is None else self._serving.predictor

    @property
    def versions(self) -> Mapping[str, str]:
        """Versions that answer, by name; empty when nothing does."""
        return {} if self._serving is None else self._serving.versions

    def start(self, earlier: Iterable[Choice] = ()) -> None:
        """Load the champions of the moment, if there are any.

        earlier   models to answer with when the champions cannot be served, the best first

        Raises HalyardError, about the champions, when none can.
        """
        self._seen, started = self._promotions(), time.perf_counter()
        failure = self._renew()
        if failure is None:
            return
        for choice in earlier:
            try:
                self._serve(choice)
            except Exception:
                continue
            self._refuse(failure, started)
            return
        if isinstance(failure.error, HalyardError):
            raise failure.error
        raise ArtefactError(f"{_tags(failure.candidates)}: {_one_line(failure.error)}")

    def follow(self) -> None:
        """Answer with the champions of the moment, if they changed and can be served.

        It never raises: whatever is wrong with them, the old models answer on.
        """
        seen = self._promotions()
        if seen == self._seen:
            return
        # Noted before the files are read, so that a change meanwhile means another look.
        self._seen, started, before = seen, time.perf_counter(), self.versions
        failure = self._renew()
        if failure is not None:
            self._refuse(failure, started)
        elif self.versions != before:
            self._report(before, time.perf_counter() - started)

    def _renew(self) -> _Failure | None:
        """Serve the champions unless they answer already."""
        candidates: Mapping[str, str | None] = {self._name: None}
        try:
            choice = choose(self._name)
            candidates = _changes(self.versions, choice.versions)
            self._leave_out(choice)
            if choice.models and choice.versions != self.versions:
                self._serve(choice)
        except Exception as error:
            # Anything may be wrong with files that somebody else wrote; it must not end us.
            return _Failure(candidates, error)
        return None

    def _serve(self, choice: Choice) -> None:
        predictor, before = self._load(choice.models), self.versions
        self._serving = _Serving(predictor, choice.versions)
        self._meters.serving(before, choice.versions)

    def _report(self, before: Mapping[str, str], seconds: float) -> None:
        self._meters.tried(list(_changes(before, self.versions)), "swapped", seconds)
        after, earlier = _tags(self.versions), _tags(before)
        logger.info("%s answers now, %s did before (%.2f s)", after, earlier, seconds)

    def _leave_out(self, choice: Choice) -> None:
        """Replace the list of refused models by those that were left out of a choice."""
        known, found = (
            self.refused,
            [Refusal(model.name, model.version, reason) for model, reason in choice.left_out],
        )
        self.refused = tuple(found)
        for refusal in (each for each in found if each not in known):
            logger.warning("%s:%s is left out: %s", refusal.name, refusal.version, refusal.reason)

    def _refuse(self, failure: _Failure, started: float) -> None:
        reason, candidates = _one_line(failure.error), failure.candidates
        refused = [Refusal(name, version, reason) for name, version in candidates.items()]
        self.refused = (*refused, *self.refused)
        self._meters.tried(list(candidates), "refused", time.perf_counter() - started)
        stays = f"{_tags(self.versions)} answers on" if self.versions else "nothing answers"
        logger.warning("%s is refused, %s: %s", _tags(candidates), stays, reason)

    def _promotions(self) -> object:
        return tuple(promoted_at(name) for name in GROUPS[self._name])


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str | None]:
    """Names whose version is another one, with the new version; None for one that is gone."""
    names = dict.fromkeys((*after, *before))
    return {name: after.get(name) for name in names if after.get(name) != before.get(name)}


def _tags(versions: Mapping[str, str | None]) -> str:
    told = [f"{name}:{version}" if version else name for name, version in versions.items()]
    return ", ".join(told) or "nothing"


def _one_line(error: Exception) -> str:
    words = " ".join(str(error).split())
    return words if isinstance(error, HalyardError) else f"{type(error).__name__}: {words}"

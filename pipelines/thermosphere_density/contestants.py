"""Who takes part in the back-test of the density emulator."""

from __future__ import annotations

from dataclasses import dataclass, replace

from models.emulators.settings import DensityConfig


@dataclass(frozen=True)
class Contestant:
    """A model of the back-test.

    name         in tables
    label        one line for the reader: what it is
    cells        names in models.emulators.catalogue
    feature_set  what it reads of the drivers
    rank         components; None for all that the settings keep
    members      models of each name
    """

    name: str
    label: str
    cells: tuple[str, ...]
    feature_set: str
    rank: int | None = None
    members: int = 1

    def config(self, base: DensityConfig) -> DensityConfig:
        """The settings with this contestant's own; an autoencoder is for the networks that are
        served, on all components."""
        if self.rank is not None or self.cells != base.cells:
            base = base.on_components()
        return replace(base, cells=self.cells, feature_set=self.feature_set, members=self.members)


#: The ensemble that is served, on its components.
EMULATOR = "emulator"
#: NRLMSIS itself, which takes part where another model made the fields.
PHYSICS = "msis"


def contestants(
    config: DensityConfig, small_rank: int, *, physics: bool = False
) -> tuple[Contestant, ...]:
    """Everyone, the emulator first.

    small_rank  components of the published emulators
    physics     whether NRLMSIS takes part: not where it made the fields
    """
    both, full, members = config.cells, config.feature_set, config.members
    cells = " and ".join(cell.upper() for cell in both)
    msis = Contestant(PHYSICS, "NRLMSIS 2.1 itself, with observed drivers", (PHYSICS,), full)
    return (
        Contestant(EMULATOR, f"ensemble of {cells} on all drivers", both, full, None, members),
        Contestant(
            f"{EMULATOR}_r{small_rank}",
            f"the same on {small_rank} components",
            both,
            full,
            small_rank,
            members,
        ),
        Contestant(
            f"{EMULATOR}_f107_kp",
            f"ensemble of {cells} that is given F10.7, Kp, their past and harmonics only",
            both,
            "f107_kp",
            None,
            members,
        ),
        Contestant("memoryless", "network without memory on all drivers", ("memoryless",), full),
        Contestant("polynomial", "quadratic map of all drivers, no memory", ("polynomial",), full),
        Contestant("dmdc", "linear dynamics (DMDc) with all drivers", ("dmdc",), full),
        Contestant(
            "dmdc_six",
            f"DMDc with the six plain drivers and two products, {small_rank} components",
            ("dmdc",),
            "dmdc",
            small_rank,
        ),
        Contestant("persistence", "the state at the start stays", ("persistence",), full),
        *([msis] if physics else []),
    )

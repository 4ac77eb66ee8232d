"""Every kind of bad input of snapshots has its one clear line: what, where, what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.emulators.drivers import Drivers
from models.emulators.grid import Grid
from models.emulators.settings import GridConfig
from models.errors import ConfigError, DataError, HalyardError
from pipelines.datasets.density.generate import generate_snapshots
from pipelines.datasets.density.msis import msis_density
from pipelines.datasets.density.msis_source import MsisSource
from pipelines.datasets.density.regrid import Reach
from pipelines.datasets.density.settings import (
    SnapshotConfig,
    checked_format,
    computed_source,
    file_source,
    month_hours,
)
from pipelines.datasets.density.sources import hours_between
from pipelines.datasets.density.store import SnapshotStore
from pipelines.datasets.density.tiegcm import TiegcmSource
from pipelines.datasets.density.yearly_hdf5 import YearlySource
from pipelines.datasets.space_weather.table import EMBEDDED, open_space_weather
from tests.pipelines.datasets.density.made import (
    START,
    TINY,
    CountingSource,
    counting_store,
    hour,
    some_drivers,
)
from tests.pipelines.datasets.density.tiegcm_files import (
    FIRST,
    GRID,
    History,
    on_grid,
    write_history,
    write_yearly,
)

Case = Callable[[Path], object]
PLAIN = History()
SCALED = {"DEN": "g/cm3", "ZG": "cm"}


def line_of(case: Case, folder: Path) -> str:
    """The message of the error that a case ends in."""
    with pytest.raises(HalyardError) as caught:
        case(folder)
    message = str(caught.value)
    assert "\n" not in message
    return message


def tiegcm(*histories: History, read: bool = True) -> Case:
    """Convert files of these histories."""

    def case(folder: Path) -> object:
        paths = [write_history(folder / f"s{i}.nc", h) for i, h in enumerate(histories)]
        source = TiegcmSource.open(paths, GRID)
        return source.compute(source.hours) if read else source

    return case


def values_replaced(value: float, where: tuple[int, ...] | slice, name: str = "DEN") -> Case:
    """Convert a file in which some densities, or heights, are replaced."""

    def case(folder: Path) -> object:
        import netCDF4

        path = write_history(folder / "s.nc", PLAIN)
        with netCDF4.Dataset(str(path), "a") as data:
            data.variables[name][where] = value
        source = TiegcmSource.open([path], GRID)
        return source.compute(source.hours)

    return case


TIEGCM: dict[str, tuple[Case, str]] = {
    "density in kg/m3 labelled g/cm3": (
        tiegcm(PLAIN.but(factors={"DEN": 1e3})),
        "s0.nc: DEN: densities read as g/cm3 are 10**+* look like kg/m3",
    ),
    "density in g/cm3 labelled kg/m3": (
        tiegcm(PLAIN.but(units={"DEN": "kg/m3", "ZG": "cm"})),
        "read as kg/m3 are 10**-* look like g/cm3, labelled or taken as kg/m3; correct the units",
    ),
    "density in a unit nobody knows": (
        tiegcm(PLAIN.but(units={"DEN": "lb/ft3", "ZG": "cm"})),
        "s0.nc: DEN: units 'lb/ft3' are not known; expected one of g/cm3, * ncatted",
    ),
    "densities that are none": (
        tiegcm(PLAIN.but(factors={"DEN": 1e12})),
        "DEN: densities read as g/cm3 are 10**+12* look at the units of density and height",
    ),
    "metres for centimetres": (
        tiegcm(PLAIN.but(factors={"ZG": 1e-2})),
        "s0.nc: ZG: 0.967 to * km when read as cm; expected a lowest level from 60 to 160 km; "
        "the values look like m",
    ),
    "metres for kilometres": (
        tiegcm(PLAIN.but(units={"DEN": "g/cm3", "ZG": "km"}, factors={"ZG": 1e-2})),
        "ZG: 9.67e+04 to * km when read as km; * the values look like m: correct the units",
    ),
    "heights that are none": (
        tiegcm(PLAIN.but(factors={"ZG": 1e-9})),
        "ZG: * km when read as cm; * look at the units attribute",
    ),
    "no density": (
        tiegcm(PLAIN.but(leave_out=("DEN",))),
        "s0.nc: expected DEN, there is ZG, ilev, lat, lev, lon, mtime, time, year; write * DEN and",
    ),
    "no heights": (tiegcm(PLAIN.but(leave_out=("ZG",))), "expected ZG or Z, there is DEN, ilev"),
    "fill values everywhere": (
        values_replaced(1e36, slice(None)),
        "s.nc: DEN: no value but fill values at time 0",
    ),
    "single fill values": (
        values_replaced(1e36, (1, 4, 2, 3)),
        "s.nc: DEN or ZG at 2003-12-31T23: 1 values missing or not above 0 in levels",
    ),
    "densities below 0": (values_replaced(-1e-12, (0, 4, 2, 3)), "1 values missing or not above"),
    "unequal grids": (
        tiegcm(PLAIN, PLAIN.but(hours=hours_between(FIRST + 4, FIRST + 5), levels=14)),
        "s1.nc: level (14 values from -7 to -0.5) differs from that of * one resolution at a time",
    ),
    "a gap between files": (
        tiegcm(PLAIN, PLAIN.but(hours=hours_between(FIRST + 7, FIRST + 8))),
        "s0.nc: after 2004-01-01T01 comes 2004-01-01T05; expected every hour",
    ),
    "fields between the hours": (
        tiegcm(PLAIN.but(hours=FIRST.astype("datetime64[m]") + 90 + 60 * np.arange(2))),
        "s0.nc: a field at 2003-12-31T23:30:00; expected whole hours (SECHIST = 0,1,0)",
    ),
    "fields every three hours": (
        tiegcm(PLAIN.but(hours=FIRST + 3 * np.arange(3))),
        "after 2003-12-31T22 comes 2004-01-01T01; expected every hour",
    ),
    "half the globe": (
        tiegcm(PLAIN.but(longitude=np.arange(0.0, 180.0, 15.0))),
        "s0.nc: lon: expected even steps once around the globe * got 0 to 165 in 12 values",
    ),
    "heights beyond the model": (
        tiegcm(PLAIN.but(levels=6)),
        "the grid wants 400 km, the levels go from * set grid.highest (grid.lowest)",
    ),
    "no files": (lambda _: file_source([], SnapshotConfig()), "no files given; expected NetCDF"),
    "a file that is not there": (
        lambda folder: file_source([folder / "none.nc"], SnapshotConfig()),
        "none.nc: no such file",
    ),
    "a format that is none": (lambda _: checked_format("grib"), "--format: expected one of auto"),
    "two kinds of files": (
        lambda _: file_source([Path("a.h5"), Path("b.nc")], SnapshotConfig()),
        "files of two kinds (.h5 and others); convert each kind by itself",
    ),
}


def truncated(folder: Path) -> object:
    path = write_history(folder / "s.nc", PLAIN)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return TiegcmSource.open([path], GRID)


def no_netcdf(folder: Path) -> object:
    (folder / "s.nc").write_text("DEN,ZG\n")
    return TiegcmSource.open([folder / "s.nc"], GRID)


def time_without_unit(folder: Path) -> object:
    import netCDF4

    path = write_history(folder / "s.nc", PLAIN.but(clock="time"))
    with netCDF4.Dataset(str(path), "a") as data:
        data.variables["time"].units = "minutes"
    return TiegcmSource.open([path], GRID)


def density_on(*axes: str) -> Case:
    """Open a file whose DEN is on these axes."""

    def case(folder: Path) -> object:
        import netCDF4

        path = write_history(folder / "s.nc", PLAIN.but(leave_out=("DEN",)))
        with netCDF4.Dataset(str(path), "a") as data:
            data.createVariable("DEN", "f8", axes)
        return TiegcmSource.open([path], GRID)

    return case


TIEGCM |= {
    "density on one level": (
        density_on("time", "lat", "lon"),
        "s.nc: DEN is on (time, lat, lon); expected (time, lev or ilev, lat, lon)",
    ),
    "no time at all": (
        tiegcm(PLAIN.but(hours=np.array([], dtype="datetime64[h]"))),
        "s0.nc: no time in it; leave it out",
    ),
    "latitudes that fall": (
        tiegcm(PLAIN.but(latitude=np.arange(90.0, -91.0, -20.0))),
        "s0.nc: lat: expected 2 or more rising values, got [ 90.",
    ),
    "heights that fall": (
        values_replaced(1e7, (0, 9, 3, 4), "ZG"),
        "s.nc: ZG at 2003-12-31T22: expected heights that rise with level",
    ),
    "a truncated file": (truncated, "s.nc: not a NetCDF file, or damaged (* copy it again"),
    "a file of another kind": (no_netcdf, "s.nc: not a NetCDF file, or damaged (*"),
    "time without a beginning": (
        time_without_unit,
        "s.nc: time: expected mtime with year, or units such as 'minutes since * got units 'minut",
    ),
}


def hdf5(name: str = "2003_TIEGCM_Density.h5", grid: Grid = GRID, **changes: object) -> Case:
    """Read a yearly file in which some keys are replaced, or left out."""

    def case(folder: Path) -> object:
        hours = hours_between(hour("2003-12-31T00"), hour("2003-12-31T04"))
        den = changes.pop("den", 10.0 ** on_grid(hours, GRID))
        path = write_yearly(folder / name, np.asarray(den), hours, **changes)
        source = YearlySource.open([path], grid)
        return source.compute(source.hours)

    return case


DAY = hours_between(hour("2003-12-31T00"), hour("2003-12-31T04"))
HDF5: dict[str, tuple[Case, str]] = {
    "no key F107": (
        hdf5(F107=None),
        "2003_TIEGCM_Density.h5: expected keys den, UTC, doy, F107, Kp; F107 missing, there is",
    ),
    "Kp of 33": (hdf5(Kp=np.full(5, 33.0)), "h5: Kp[0] is 33; expected 0 to 9"),
    "F10.7 that is none": (
        hdf5(F107=np.array([120, 1, 2, 3, np.nan])),
        "F107[1] is 1; expected 40",
    ),
    "hours that repeat": (hdf5(UTC=np.array([0, 1, 1, 2, 3.0])), "after 2003-12-31T01 comes 2003-"),
    "half hours": (hdf5(UTC=np.array([0, 0.5, 1, 1.5, 2])), "UTC[1] is 0.5; expected whole hours"),
    "no year in the name": (hdf5("density.h5"), "density.h5: expected the year in the name"),
    "UTC of other length": (hdf5(UTC=np.arange(4.0)), "UTC has 4 hours, doy 5; expected as many"),
    "another grid": (
        hdf5(grid=Grid.regular(6, 5, 4)),
        "den is 5 × 4 × 4 × 3: no order of axes fits 5 hours × 6 × 5 × 4 * set grid.local_times",
    ),
    "axes that may be two": (
        hdf5(den=np.moveaxis(10.0 ** on_grid(DAY, GRID), 0, 1)),
        "den is 4 × 5 × 4 × 3: more than one order of axes fits 5 hours × 4 × 4 × 3",
    ),
    "a density of 0": (
        hdf5(den=np.where(np.arange(3) == 1, 0.0, 10.0 ** on_grid(DAY, GRID))),
        "den at 2003-12-31T00, cell [0, 0, 1] is 0; expected a density above 0, or log10",
    ),
    "g/cm3": (
        hdf5(den=1e-3 * 10.0 ** on_grid(DAY, GRID)),
        "den: densities read as kg/m3 are * the values look like g/cm3,",
    ),
    "no HDF5": (
        lambda folder: YearlySource.open([damaged_hdf5(folder)], GRID),
        "x_2003.h5: not an",
    ),
    "a year that is missing": (
        lambda folder: YearlySource.open(
            [
                write_yearly(folder / f"{year}.h5", 10.0 ** on_grid(DAY, GRID), DAY)
                for year in (2003, 2005)
            ],
            GRID,
        ),
        "2005.h5: begins at 2005-12-31T00, the file before it ends at 2003-12-31T04; expected",
    ),
}


def damaged_hdf5(folder: Path) -> Path:
    (folder / "x_2003.h5").write_bytes(b"\x89HDF no more")
    return folder / "x_2003.h5"


def point(**changes: float) -> Case:
    """Density at one point, with one value replaced."""
    place = {"latitude": 10.0, "longitude": 20.0, "height": 400.0, **changes}
    drivers = some_drivers(START, 1)
    values = {name: np.array([value]) for name, value in place.items()}
    return lambda _: msis_density(drivers.times, drivers=drivers, **values)


def holed(hours: int) -> Drivers:
    values = some_drivers(START, hours).values.copy()
    values[1, 5] = np.nan
    return Drivers(START, values)


def damaged_chunk(folder: Path, *, position: int, content: bytes | None) -> object:
    """Overwrite some bytes of a chunk, or cut it there; then read all of it."""
    counting_store(folder, hours=24)
    path = folder / "2003-01.nc"
    whole = bytearray(path.read_bytes())
    whole[position:] = b"" if content is None else content + whole[position + len(content) :]
    path.write_bytes(whole)
    return SnapshotStore.open(folder).verify()


def with_manifest(folder: Path, change: Callable[[dict[str, object]], object]) -> object:
    counting_store(folder)
    path = folder / "manifest.json"
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))
    return SnapshotStore.open(folder)


def without_file(folder: Path) -> object:
    counting_store(folder)
    (folder / "2003-02.nc").unlink()
    return SnapshotStore.open(folder)


def into_a_file(folder: Path) -> object:
    (folder / "file").write_text("")
    return counting_store(folder / "file" / "out")


class NotANumber(CountingSource):
    """A source with one field that is none."""

    def compute(self, hours: np.ndarray) -> np.ndarray:
        fields = np.zeros((len(hours), *self.grid.shape), dtype=np.float32)
        fields[1, 2, 3, 1] = np.nan
        return fields


WEATHER = open_space_weather(EMBEDDED)
OTHERS: dict[str, tuple[Case, str]] = {
    "a grid above 1,000 km": (
        lambda _: GridConfig(highest=1200.0).grid(),
        "grid.height: expected 2 or more rising heights in km from 90 to 1000",
    ),
    "a height in metres": (
        point(height=400_000.0),
        "point 0: height 400000: expected 80 to 1500 km; is it in metres?",
    ),
    "a height below the models": (point(height=20.0), "point 0: height 20: expected 80 to 1500 km"),
    "a latitude of 95": (point(latitude=95.0), "point 0: latitude 95: expected -90 to 90 degrees"),
    "a longitude of NaN": (point(longitude=np.nan), "point 0: longitude nan: expected -360 to 360"),
    "points without space weather": (
        lambda _: msis_density(
            np.array([hour("2003-01-29T23")]),
            *(np.array([v]) for v in (0.0, 0.0, 400.0)),
            some_drivers(START, 2),
        ),
        "point 0: no space weather for 2003-01-29T23; there is 2003-01-30T00 to 2003-01-30T01",
    ),
    "drivers with NaN": (lambda _: holed(3), "kp at 2003-01-30T01 is nan; expected a finite"),
    "drivers that end too early": (
        lambda folder: generate_snapshots(
            MsisSource(TINY, some_drivers(START, 24)), START, START + 24, folder
        ),
        "space weather from 2003-01-30T00 to 2003-01-31T00 was asked for; there is",
    ),
    "months beyond space weather": (
        lambda _: computed_source("msis21", TINY, WEATHER, *month_hours("2033-01", "2033-01")),
        "drivers: * at 2033-01-01T00 cannot be told from * halyard data update space-weather",
    ),
    "a source that is none": (
        lambda _: computed_source("jb2008", TINY, WEATHER, START, START),
        "source: expected one of msis21, msis20, msis00, relaxed_msis21, got 'jb2008'",
    ),
    "a month that is none": (
        lambda _: month_hours("199701", "2008-13"),
        "--first: expected a month such as 1997-01, got '199701'",
    ),
    "months in the wrong order": (
        lambda _: month_hours("2003-02", "2003-01"),
        "--last: expected 2003-02 or later, got 2003-01",
    ),
    "hours in the wrong order": (
        lambda folder: generate_snapshots(CountingSource(), START, START - 1, folder),
        "snapshots: expected first <= last",
    ),
    "no workers": (
        lambda folder: generate_snapshots(CountingSource(), START, START, folder, workers=0),
        "workers: expected 1 or more processes, got 0",
    ),
    "a reach below 0": (lambda _: Reach(above=-1.0), "reach.above: expected 0 km or more, got -1"),
    "nowhere to write": (into_a_file, "out: cannot be written (Not a directory); free space"),
    "fields that are no numbers": (
        lambda folder: generate_snapshots(NotANumber(), START, START + 3, folder),
        "hours counted: log10 density at 2003-01-30T01, local time 12, latitude 87.5, height 450 "
        "km is nan; expected a finite number",
    ),
    "a folder of something else": (
        SnapshotStore.open,
        "no manifest.json, so no folder of snapshots; make one with halyard snapshots generate",
    ),
    "a truncated chunk": (
        lambda folder: damaged_chunk(folder, position=9000, content=None),
        "2003-01.nc: damaged (9000 bytes, expected *); delete this file and run the command",
    ),
    "a chunk with other bytes": (
        lambda folder: damaged_chunk(folder, position=0, content=b"no HDF5 at all"),
        "2003-01.nc: damaged (*); delete this file and run the command that made the folder again",
    ),
    "a chunk that is gone": (without_file, "2003-02.nc: this chunk is gone; run the command"),
    "months that are missing": (
        lambda folder: with_manifest(folder, lambda data: data["chunks"].pop(0)),
        "not complete: fields from 2003-01-30T00 on are missing, of 2003-01-30T00 to 2003-02-02T23 "
        "(1 files are there); run the command that made the folder again",
    ),
    "a list that is damaged": (
        lambda folder: with_manifest(folder, lambda data: data.pop("grid")),
        "manifest.json: damaged or not a list of snapshots (KeyError: 'grid'); delete the folder",
    ),
    "a list of another format": (
        lambda folder: with_manifest(folder, lambda data: data.update(format="other")),
        "manifest.json: expected format 'halyard density snapshots 1', got 'other'",
    ),
    "hours outside a store": (
        lambda folder: counting_store(folder).read(START - 1, START),
        "hours 2003-01-29T23 to 2003-01-30T00 were asked for; there are 2003-01-30T00 to",
    ),
    "blocks of no hours": (
        lambda folder: next(counting_store(folder).iterate(0)),
        "hours_per_block: expected 1 or more, got 0",
    ),
    "months that leave a gap": (
        lambda folder: (
            counting_store(folder),
            generate_snapshots(CountingSource(), START + 98, START + 99, folder),
        ),
        "2003-02-03T02 to 2003-02-03T03 would leave a gap between them; give another --out",
    ),
}


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        pytest.param(*values, id=f"{family}: {name}")
        for family, cases in (("TIE-GCM", TIEGCM), ("HDF5", HDF5), ("store", OTHERS))
        for name, values in cases.items()
    ],
)
def test_bad_input_ends_in_one_line_that_says_what_to_do(
    case: Case, expected: str, tmp_path: Path
) -> None:
    rest = line_of(case, tmp_path)
    for part in expected.replace("10**", "10^").split("*"):
        wanted = part.strip().replace("10^", "10**")
        assert wanted in rest, f"{wanted!r} not in {rest!r}"
        rest = rest[rest.index(wanted) + len(wanted) :]


def test_damage_within_a_field_is_found_when_it_is_read(tmp_path: Path) -> None:
    store = counting_store(tmp_path, hours=24)
    path = tmp_path / "2003-01.nc"
    content = path.read_bytes()
    field = store.read(START, START + 23).tobytes()
    place = content.index(field)
    changed = content[: place + 100] + b"\x00\x01" + content[place + 102 :]
    path.write_bytes(changed)
    with pytest.raises(DataError, match=r"2003-01\.nc: damaged .* delete this file"):
        SnapshotStore.open(tmp_path).read(START, START)


def test_a_folder_that_may_not_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pipelines.datasets.density.generate.write_chunk", refuse)
    with pytest.raises(DataError, match=r"2003-01\.nc: cannot be written \(Permission denied\)"):
        counting_store(tmp_path)


def test_errors_of_settings_and_of_data_are_told_apart() -> None:
    with pytest.raises(ConfigError):
        month_hours("2003-13", "2004-01")

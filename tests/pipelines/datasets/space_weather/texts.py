"""Small files of space weather in the layouts that their publishers use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.emulators.driver_kp import kp_to_ap
from models.emulators.driver_weather import SpaceWeather

SHARED = Path(__file__).resolve().parents[5] / "shared" / "data" / "thermosphere"
FIRST = np.datetime64("2025-07-01")

CELESTRAK_HEADER = (
    "DATE,BSRN,ND,KP1,KP2,KP3,KP4,KP5,KP6,KP7,KP8,KP_SUM,AP1,AP2,AP3,AP4,AP5,AP6,AP7,AP8,AP_AVG,"
    "CP,C9,ISN,F10.7_OBS,F10.7_ADJ,F10.7_DATA_TYPE,F10.7_OBS_CENTER81,F10.7_OBS_LAST81,"
    "F10.7_ADJ_CENTER81,F10.7_ADJ_LAST81"
)
#: Rows as CelesTrak printed them: a storm, the last observed day, predicted days, a month.
STORM = (
    "2025-11-12,2622,4,87,87,70,77,53,43,57,40,513,300,300,132,179,56,32,67,27,137,1.9,8,137,"
    "163.3,160.0,OBS,144.3,155.4,141.6,155.7"
)
PREDICTED = (
    "2025-11-13,2623,14,30,27,27,27,27,27,27,27,217,15,12,12,12,12,12,12,12,12,0.7,3,113,118.8,"
    "115.0,PRD,153.0,146.4,148.5,143.9",
    "2025-11-14,2623,15,24,24,24,24,24,24,24,24,192,10,10,10,10,10,10,10,10,10,0.6,3,113,118.8,"
    "115.0,PRD,153.0,145.6,148.4,143.0",
    "2026-02-01,2625,4,,,,,,,,,,,,,,,,,,,,,108,143.9,139.7,PRM,150.6,152.4,146.5,147.8",
)
GFZ_HEAD = (
    "# PURPOSE: This file distributes the geomagnetic planetary three-hour index Kp\n"
    "# LICENSE: CC BY 4.0\n"
    "#YYY MM DD  days  days_m  Bsr dB    Kp1    Kp2    Kp3    Kp4    Kp5    Kp6    Kp7    Kp8"
    "  ap1  ap2  ap3  ap4  ap5  ap6  ap7  ap8    Ap  SN F10.7obs F10.7adj D\n"
)


def thirds(day: int) -> np.ndarray:
    """Eight Kp in thirds of the day of this number."""
    return (8 * day + np.arange(8)) % 28


def flux(day: int) -> float:
    """F10.7 of the day of this number: 150 to 249, in turn."""
    return 150.0 + day % 100


def dates(days: int, first: np.datetime64 = FIRST) -> list[str]:
    return [str(first + day) for day in range(days)]


def celestrak_row(date: str, day: int) -> str:
    kp = thirds(day) / 3.0
    ap = kp_to_ap(kp)
    kp_cells = ",".join(str(int(np.rint(10 * k))) for k in kp)
    ap_cells = ",".join(str(int(a)) for a in ap)
    return (
        f"{date},2600,1,{kp_cells},0,{ap_cells},{round(ap.mean())},0.1,1,100,{flux(day):.1f},"
        f"{flux(day) + 2:.1f},OBS,150.0,150.0,150.0,150.0"
    )


def celestrak(days: int, first: np.datetime64 = FIRST, after: Sequence[str] = ()) -> str:
    rows = [celestrak_row(date, day) for day, date in enumerate(dates(days, first))]
    return "\n".join([CELESTRAK_HEADER, *rows, *after]) + "\n"


def gfz(days: int, first: np.datetime64 = FIRST, unknown_from: int = 8) -> str:
    """The layout of GFZ; in the last day Kp is -1 from this interval on."""
    lines = []
    for day, date in enumerate(dates(days, first)):
        kp = thirds(day) / 3.0
        known = np.arange(8) < (unknown_from if day == days - 1 else 8)
        kp_cells = " ".join(f"{k:6.3f}" for k in np.where(known, kp, -1.0))
        ap_cells = " ".join(f"{int(a):4d}" for a in np.where(known, kp_to_ap(kp), -1))
        lines.append(
            f"{date.replace('-', ' ')} 34150 34150.5 2600  1 {kp_cells} {ap_cells}    10 100 "
            f"{flux(day):8.1f} {flux(day) + 2:8.1f} 1"
        )
    return GFZ_HEAD + "\n".join(lines) + "\n"


def daily_csv(days: int) -> str:
    rows = [f"{date},{flux(d)},{flux(d) + 2},1,1,1,4,9" for d, date in enumerate(dates(days))]
    head = ",f107_obs,f107_adj,f107_81ctr_obs,f107_81ctr_adj,f107_81lst_obs,Apavg,Kpsum"
    return "\n".join([head, *rows]) + "\n"


def three_hourly_csv(intervals: int) -> str:
    start = FIRST.astype("datetime64[m]") + 90
    rows = []
    for i in range(intervals):
        kp = thirds(i // 8)[i % 8] / 3.0
        time = str(start + 180 * i).replace("T", " ")
        rows.append(f"{time}:00,{int(kp_to_ap(kp))},{round(float(kp), 1)}")
    return "\n".join([",Ap,Kp", *rows]) + "\n"


def expected(days: int) -> SpaceWeather:
    """What all these layouts stand for."""
    kp = np.array([thirds(day) for day in range(days)]) / 3.0
    values = np.array([flux(day) for day in range(days)])
    return SpaceWeather(FIRST, values, values + 2.0, kp)


def same(one: SpaceWeather, other: SpaceWeather) -> bool:
    """True when span and values are equal; unknown equals unknown."""
    pairs = (
        (one.f107, other.f107),
        (one.f107_adjusted, other.f107_adjusted),
        (one.kp, other.kp),
    )
    alike = all(np.allclose(a, b, atol=1e-9, equal_nan=True) for a, b in pairs)
    return bool(alike and one.days[0] == other.days[0])

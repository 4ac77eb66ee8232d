"""Losses of funds in units of what the structural reference loses without networks."""

from __future__ import annotations

import numpy as np

from models.contract import FloatArray


def in_reference_units(squares: FloatArray, reference: FloatArray) -> FloatArray:
    """Mean squares, date × lead, as one loss per date; the reference's own mean over dates is 1.

    reference  the same of the reference, on the same dates

    Every lead counts alike where it is known (NaN elsewhere), however large its errors. The newest
    dates know short leads alone, so that the reference's mean is not one by itself.
    """
    by_lead = np.nanmean(reference, axis=0)
    unit = np.nanmean(reference / by_lead, axis=1).mean()
    return np.asarray(np.nanmean(squares / by_lead, axis=1) / unit)

"""What the names of inputs and leads mean, for the page."""

from __future__ import annotations

from collections.abc import Sequence

from models.emulators.drivers import COLUMNS

#: Channels of the window (a value in every month) and known features ("now": the newest value),
#: see models.transforms.fund_windows. W stands for the periods of the Sharpe ratio's window.
_CHANNELS = {
    "standardised": "own excess return over its volatility of the last W periods",
    "observed": "1 where the fund has a return, 0 in a gap",
    "sharpe_over_prior": "Sharpe ratio of the last W periods, less the expected one (prior)",
    "vol_ratio": "logarithm of the volatility of the last W periods over that of all so far",
    "factor": "mean of all funds' standardised returns",
    "market_sharpe": "mean Sharpe ratio of the last W periods of all funds, less the expected one",
    "dispersion": "standard deviation of the last Sharpe ratio over funds",
    "bill": "risk-free rate of a year",
}
_KNOWN = {
    "prior": "Sharpe ratio of unseen periods that is expected from history",
    "mean_over_prior": "mean of its Sharpe ratios so far, less the expected one",
    "sharpe_over_prior": _CHANNELS["sharpe_over_prior"],
    "sharpe_36": "Sharpe ratio of the last three windows, less the expected one",
    "vol_ratio": _CHANNELS["vol_ratio"],
    "months": "logarithm of the length of its history",
}
_DRIVERS = {
    "solar flux, all": "all columns made from F10.7, moved together",
    "geomagnetic activity, all": "all columns made from Kp and ap, moved together",
    "before, ahead": "in the hours before the start, and in those that are forecast",
    "state before, component": "state of the atmosphere before the start, in principal components",
}


def lead_words(leads: Sequence[str], window: int) -> dict[str, str]:
    """Meaning of the leads of fund forecasts, one line for each target."""
    ahead = "periods that end N periods ahead"
    words = {
        "rolling_N": f"Sharpe ratio of the {window} {ahead}",
        "forward_N": "Sharpe ratio of the next N periods",
    }
    return {n: w for n, w in words.items() if any(lead.startswith(n[:-1]) for lead in leads)}


def network_words(window: int) -> dict[str, str]:
    """Meaning of the channels and known features that networks of funds read."""
    known = {f"{name} now": text for name, text in _KNOWN.items()}
    return {
        name: text.replace("W periods", f"{window} periods")
        for name, text in (_CHANNELS | known).items()
    }


def driver_words() -> dict[str, str]:
    """Meaning of the drivers of density, and of what they are told with."""
    return COLUMNS | _DRIVERS

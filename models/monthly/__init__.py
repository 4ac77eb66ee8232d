"""Where do I go to forecast a panel of many short seasonal series? Here are the parts.

- hundreds of exponential smoothers at once, causal at every origin: `smoothers`
- medians and seasonal repeats of the newest values: `recent`
- one forecast out of all of them, weighted online by their own past errors: `pool`
- what a network reads to correct that forecast, scaled per series: `windows`
- how much each member of an ensemble counts, by absolute errors: `stacking`

Series lie right-aligned in one array, series × time, NaN before their beginning and in
gaps. Nothing is fitted to outcomes after an origin, at any origin.
"""

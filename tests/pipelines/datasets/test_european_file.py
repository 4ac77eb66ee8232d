"""A file as a spreadsheet of continental Europe saves it, from end to end."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipelines.datasets.funds import load_panel
from tests.pipelines.datasets.files import write

TEXT = (
    "\ufeffDatum;Fonds Élan;Fonds B;\r\n"
    "31.01.2013;1.000,00;800,0;\r\n"
    "28.02.2013;1.100,00;880;\r\n"
    "28.03.2013;1.210;;\r\n"
    "30.04.2013;1.331,00;1.001,75;\r\n"
)


def test_semicolons_commas_points_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    """Ten percent a month; 1.210 is one thousand two hundred and ten."""
    loaded = load_panel(write(tmp_path, TEXT))
    assert loaded.panel.ids == ("Fonds B", "Fonds Élan")
    assert loaded.panel.periods == ("2013-02", "2013-03", "2013-04")
    nan = float("nan")
    np.testing.assert_allclose(loaded.panel.returns, [[0.1, nan, nan], [0.1] * 3])
    assert [f.rule for f in loaded.findings] == ["no_values"]

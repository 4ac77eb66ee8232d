"""What a satellite's sample sees of the reduced state."""

from __future__ import annotations

import numpy as np

from models.contract import FloatArray
from models.emulators.interpolation import FieldTable
from models.transforms.principal_components import PrincipalComponents

#: Components that are handed on; corrections use the leading few.
COMPONENTS = 5


def standardised_basis(
    table: FieldTable,
    components: PrincipalComponents,
    local_time: FloatArray,
    latitude: FloatArray,
    height: FloatArray,
) -> FloatArray:
    """log10 density per standard deviation of each leading component, point × component.

    table  whose first columns are the components' basis

    Raises ModelError for a height outside the table.
    """
    rank = min(COMPONENTS, components.rank)
    columns = table.at(local_time, latitude, height)
    values: FloatArray = columns[:, :rank].numpy().astype(np.float64)
    return np.asarray(values * np.sqrt(components.variance[:rank]))

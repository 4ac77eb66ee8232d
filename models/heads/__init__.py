"""Features to a predictive distribution and its loss."""

from models.heads.base import Head
from models.heads.gaussian import GaussianHead
from models.heads.point import PointHead
from models.heads.quantile import QuantileHead
from models.heads.student_t import StudentTHead

#: Name of the head -> class.
HEADS: dict[str, type[Head]] = {
    "point": PointHead,
    "gaussian": GaussianHead,
    "student_t": StudentTHead,
    "quantile": QuantileHead,
}

__all__ = ["HEADS", "GaussianHead", "Head", "PointHead", "QuantileHead", "StudentTHead"]

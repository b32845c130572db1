"""What a few loans of a book tell of the work on all of them: months followed, and defaults to be drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from finsim.extras import Later

if TYPE_CHECKING:
    from finsim.credit.losses import Buckets

special = Later("scipy.special", "credit")
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(31)


@dataclass(frozen=True)
class LoanWork:
    """Of one scenario: ``months`` that a loan is followed for, and the work of one draw of losses.

    ``buckets`` : groups of loans that are drawn together, of the loans that were looked at. Of a draw, as
    shares of the loans: ``defaults`` where few of a group default, ``tried`` one by one where many do.
    """

    months: float
    buckets: int = 0
    defaults: float = 0.0
    tried: float = 0.0

    @classmethod
    def of(cls, months: float, arranged: Buckets) -> LoanWork:
        """Return the work of a draw, the mean over its standard normal factor."""
        from finsim.kernels.defaults import DENSE_PD

        which = np.repeat(np.arange(len(arranged.bucket)), np.diff(arranged.starts))
        factor = _NODES + arranged.bucket[which, 1:2]
        chance = special.ndtr(arranged.loan[:, :1] - arranged.loan[:, 1:2] * factor)
        weights, is_dense = _WEIGHTS / _WEIGHTS.sum(), chance > DENSE_PD
        shares = [float((one @ weights).mean()) for one in (np.where(is_dense, 0.0, chance), is_dense)]
        return cls(months, len(arranged.bucket), *shares)

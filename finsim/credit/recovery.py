"""What a scenario does to loss given default: Frye-Jacobs, constant, or a collateral index."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from finsim.credit.conditional import collateral_lgd, systematic_lgd
from finsim.credit.reference_parameters import CLASSES
from finsim.errors import ScenarioError, did_you_mean
from finsim.notation import Array, Bool1D, Float2D
from finsim.records.drivers import Drivers

MODELS = ("frye_jacobs", "constant")


def follows_frye_jacobs(drivers: Drivers, classes: Sequence[str]) -> Bool1D:
    """Return for each class whether its LGD rises with the default rate: bool [classes].

    Secured classes (``reference.CLASSES``) do not: their LGD moves with the price index alone.
    Raises ScenarioError for an unknown LGD model.
    """
    model = drivers.credit.lgd_model
    if model not in MODELS:
        raise ScenarioError(
            f"credit.lgd.model: {model!r}", place=drivers.scenario, remedy=did_you_mean(model, MODELS)
        )
    systematic = model == "frye_jacobs"
    return np.array([systematic and not (name in CLASSES and CLASSES[name].secured) for name in classes])


def price_indices(drivers: Drivers, classes: Sequence[str]) -> Float2D:
    """Return the collateral index of each class at month ends, 1 at jump-off: float64 [months, classes].

    A class without collateral has 1 throughout, which leaves its LGD as it is.
    """
    index = np.ones((drivers.clock.months, len(classes)))
    for column, name in enumerate(classes):
        if name in drivers.credit.collateral:
            move = drivers.macro_series(drivers.credit.collateral[name])
            index[:, column] = np.maximum(1.0 + move / 100.0, 0.0)
    return index


def stressed_lgd(point: Array, lgd: Array, kappa: Array, follows: Array, index: Array) -> Array:
    """Return the LGD of defaults at conditional point a, of the broadcast shape of all.

    1 - (1 - base) x index within [0, 1]; base is Frye-Jacobs at ``point`` where ``follows``, else ``lgd``.
    """
    base = np.where(follows, systematic_lgd(point, kappa), lgd)
    return collateral_lgd(base, index)

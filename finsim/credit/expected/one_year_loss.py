"""The expected loss of the next twelve months under a scenario, loan by loan, in closed form."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from finsim.credit.factors import class_z
from finsim.credit.losses import exposure_column
from finsim.credit.months.seasoning import of_first_year
from finsim.credit.recovery import follows_frye_jacobs, price_indices
from finsim.credit.settings import Settings
from finsim.credit.text_codes import coded
from finsim.extras import Later
from finsim.notation import Float1D
from finsim.records.drivers import Drivers

special = Later("scipy.special", "credit")

_LEAST = 1e-12


def one_year_loss(loans: pa.Table, drivers: Drivers, settings: Settings) -> Float1D:
    """Return the mean loss of each loan over the draws of ``losses``: float64 [N], minor units.

    With the sector factor averaged out PD(z) is Phi(Phi^-1(PD) - sqrt(rho) z) and PD(z) LGD(z) of Frye and
    Jacobs is Phi(Phi^-1(PD LGD) - sqrt(rho) z), z the scenario's mean factor of ``loss_months``. A price
    index I gives PD(z) (1 - I) + I PD(z) LGD(z), at least 0. Source: own, from Vasicek 2002 and Frye and
    Jacobs 2012.
    """
    kind, classes = coded(loans, "loan_class")
    pd_, rho, lgd = (loans[name].to_numpy() for name in ("pd", "rho", "lgd"))
    pd_ = of_first_year(pd_, loans, settings)
    months = settings.loss_months
    shift = np.sqrt(rho) * class_z(drivers, classes)[:months].mean(axis=0)[kind]
    index = price_indices(drivers, classes)[:months].mean(axis=0)[kind]
    default = special.ndtr(special.ndtri(pd_) - shift)
    loss = np.where(
        follows_frye_jacobs(drivers, classes)[kind],
        special.ndtr(special.ndtri(pd_ * np.maximum(lgd, _LEAST)) - shift),
        default * lgd,
    )
    rate = np.clip(default * (1.0 - index) + index * loss, 0.0, default)
    exposure = loans[exposure_column(loans)].to_numpy().astype(np.float64)
    found: Float1D = exposure * rate
    return found

"""Adversarial random forests (arfpy) with default settings, on as many rows as the CPU seconds allow.

A missing number is a median and a level of its own column that says so; a missing word is a level.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from arfpy import arf
from peer_job import Frame, Sampler, carried_out, dates_as_days, days_as_dates, like
from rows_in_time import fitted_in_time

GONE = " missing"


def learn(frame: Frame, job: dict[str, Any]) -> tuple[Sampler, str]:
    plain, dates = dates_as_days(frame)
    words = [name for name in frame if plain[name].dtype.kind not in "iufb"]
    holed = [name for name in frame if name not in words and plain[name].isna().any()]
    constant = {name: plain[name].iloc[0] for name in frame if plain[name].nunique(dropna=False) == 1}
    for name in frame:
        if name in constant:
            plain = plain.drop(columns=name)
        elif name in words:
            cells = plain[name].astype(object).where(plain[name].notna(), "missing")
            plain[name] = cells.map(str).astype(object)
        else:
            if name in holed:
                plain[name + GONE] = plain[name].isna().map({True: "yes", False: "no"}).astype(object)
            plain[name] = plain[name].astype(float).fillna(plain[name].median())

    def fit(rows: Frame, times: int) -> Any:
        model = arf.arf(x=rows.reset_index(drop=True), verbose=False)
        model.forde()
        return model

    model, note = fitted_in_time(fit, plain, job["cap"])

    def sample(count: int) -> Frame:
        made = model.forge(n=count)
        for name, cell in constant.items():
            made[name] = cell
        for name in set(words) - set(constant):
            made[name] = made[name].astype(object).replace("missing", np.nan)
        for name in set(holed) - set(constant):
            made[name] = made[name].astype(float).mask(made[name + GONE].astype(str) == "yes")
        return like(days_as_dates(made, dates), frame)

    return sample, note


if __name__ == "__main__":
    carried_out(learn, ("arfpy",))

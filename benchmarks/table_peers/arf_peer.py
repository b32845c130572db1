"""Adversarial random forests (arfpy) with default settings; missing numbers are medians, words a level."""

from __future__ import annotations

from typing import Any

import numpy as np
from arfpy import arf
from peer_job import Frame, Sampler, capped, carried_out, dates_as_days, days_as_dates, like


def learn(frame: Frame, job: dict[str, Any]) -> tuple[Sampler, str]:
    plain, dates = dates_as_days(frame)
    words = [name for name in plain if plain[name].dtype.kind not in "iufb"]
    for name in plain:
        if name in words:
            cells = plain[name].astype(object).where(plain[name].notna(), "missing")
            plain[name] = cells.map(str).astype(object)
        else:
            plain[name] = plain[name].astype(float).fillna(plain[name].median())
    found: list[Any] = []

    def fit() -> None:
        model = arf.arf(x=plain, verbose=False)
        model.forde()
        found.append(model)

    if capped(fit, job["cap"]):
        raise SystemExit(f"not finished in {job['cap']:g} CPU s, and a part of it cannot sample")

    def sample(count: int) -> Frame:
        made = found[0].forge(n=count)
        for name in words:
            made[name] = made[name].astype(object).replace("missing", np.nan)
        return like(days_as_dates(made, dates), frame)

    return sample, ""


if __name__ == "__main__":
    carried_out(learn, ("arfpy",))

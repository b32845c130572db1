"""finsim's own generators of tables, through ``finsim.fit`` and ``finsim.sample``."""

from __future__ import annotations

from typing import Any

import pandas as pd
from peer_job import Frame, Sampler, carried_out, like

import finsim

FORMS = ("%b-%Y", "%Y-%m", "%Y-%m-%d")


def dates_like(made: pd.Series, real: pd.Series) -> pd.Series:
    """Return dates without the zone they come out in, and as texts where the real ones are texts."""
    if isinstance(made.dtype, pd.DatetimeTZDtype):
        made = made.dt.tz_convert("UTC").dt.tz_localize(None)
    if not pd.api.types.is_datetime64_any_dtype(made) or pd.api.types.is_datetime64_any_dtype(real):
        return made
    known = set(real.dropna())
    texts = (made.dt.strftime(form) for form in FORMS)
    return max(texts, key=lambda one: one.isin(known).mean())


def learn(frame: Frame, job: dict[str, Any]) -> tuple[Sampler, str]:
    model = finsim.fit(
        frame, job["generator"], kind="table", cpu_seconds=job["cap"], seed=job["seed"], progress=False
    )
    report = model.generator.report

    def sample(count: int) -> Frame:
        made = finsim.sample(model, rows=count, seed=job["seed"], progress=False).to_pandas()
        return like(made.assign(**{name: dates_like(made[name], frame[name]) for name in made}), frame)

    return sample, f"cut after {job['cap']:g} CPU s" if report.stopped_by == "cpu_seconds" else ""


if __name__ == "__main__":
    carried_out(learn, ("finsim",))

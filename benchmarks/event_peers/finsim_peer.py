"""finsim's own generators of events, through ``finsim.fit`` and ``finsim.sample``."""

from __future__ import annotations

from typing import Any

import pandas as pd
from peer_job import Frame, Sampler, carried_out, like

import finsim


def learn(frame: Frame, job: dict[str, Any]) -> tuple[Sampler, str]:
    roles = job["roles"]
    model = finsim.fit(
        frame, job["generator"], kind="events", id=roles["entity"], time=roles["time"],
        cpu_seconds=job["cap"], seed=job["seed"], progress=False,
    )  # fmt: skip
    report = model.generator.report

    def sample(count: int) -> Frame:
        made = finsim.sample(model, entities=count, seed=job["seed"], progress=False).to_pandas()
        for name in made:
            if isinstance(made[name].dtype, pd.DatetimeTZDtype):  # instants come out in UTC
                made[name] = made[name].dt.tz_convert("UTC").dt.tz_localize(None)
        return like(made, frame)

    return sample, f"cut after {job['cap']:g} CPU s" if report.stopped_by == "cpu_seconds" else ""


if __name__ == "__main__":
    carried_out(learn, ("finsim",))

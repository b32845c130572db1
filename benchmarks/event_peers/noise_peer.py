"""A resampler with noise: entities again, amounts off by 10 %, days by one, a tenth of partners new."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from peer_job import Frame, Sampler, carried_out, like


def learn(frame: Frame, job: dict[str, Any]) -> tuple[Sampler, str]:
    roles = job["roles"]
    rng = np.random.default_rng(job["seed"])
    rows_of = list(frame.groupby(roles["entity"]).indices.values())

    def sample(count: int) -> Frame:
        drawn = [rows_of[k] for k in rng.integers(len(rows_of), size=count)]
        made = frame.iloc[np.concatenate(drawn)].reset_index(drop=True)
        made[roles["entity"]] = np.repeat([f"new{k}" for k in range(count)], [len(rows) for rows in drawn])
        noise = np.exp(0.1 * rng.standard_normal(len(made)))
        made[roles["amount"]] = (made[roles["amount"]] * noise).round(2)
        shift = pd.to_timedelta(rng.integers(-1, 2, len(made)), unit="D")
        low, high = frame[roles["time"]].min(), frame[roles["time"]].max()
        made[roles["time"]] = (made[roles["time"]] + shift).clip(low, high)
        if roles["partner"]:
            new = rng.random(len(made)) < 0.1
            pool = frame[roles["partner"]].to_numpy()
            made.loc[new, roles["partner"]] = rng.choice(pool, int(new.sum()))
        return like(made, frame)

    return sample, ""


if __name__ == "__main__":
    carried_out(learn, ("numpy",))

"""Forest flow (ForestDiffusion) with its defaults, as many rows and repeats as the CPU seconds allow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from ForestDiffusion import ForestDiffusionModel
from peer_job import Frame, Sampler, carried_out, dates_as_days, days_as_dates, like
from rows_in_time import fitted_in_time

REPEATS = 100  # the default duplicate_K


def learn(frame: Frame, job: dict[str, Any]) -> tuple[Sampler, str]:
    plain, dates = dates_as_days(frame)
    levels: dict[str, Any] = {}
    for name in plain:
        if plain[name].dtype.kind not in "iufb":
            codes, known = pd.factorize(plain[name].astype(object).where(plain[name].notna(), None))
            levels[name] = known
            plain[name] = np.where(codes < 0, np.nan, codes)
    words = [k for k, name in enumerate(plain) if name in levels]
    whole = [k for k, name in enumerate(plain) if pd.api.types.is_integer_dtype(frame.iloc[:, k])]

    def fit(rows: Frame, times: int) -> Any:
        return ForestDiffusionModel(
            rows.to_numpy(dtype=float), label_y=None, n_t=50, duplicate_K=times, cat_indexes=words,
            int_indexes=whole, diffusion_type="flow", n_jobs=1, seed=job["seed"],
        )  # fmt: skip

    model, note = fitted_in_time(fit, plain, job["cap"], REPEATS)

    def sample(count: int) -> Frame:
        made = pd.DataFrame(model.generate(batch_size=count), columns=list(plain))
        for name, known in levels.items():
            codes = pd.to_numeric(made[name]).round()
            made[name] = [known[int(code)] if code == code else None for code in codes]
        return like(days_as_dates(made, dates), frame)

    return sample, note


if __name__ == "__main__":
    carried_out(learn, ("ForestDiffusion",))

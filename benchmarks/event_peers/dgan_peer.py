"""gretel's DoppelGANger: sequences of gap, log amount and levels, as long as 99 in 100 entities have them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from event_fields import partners
from gretel_synthetics.timeseries_dgan.config import DGANConfig, OutputType
from gretel_synthetics.timeseries_dgan.dgan import DGAN
from peer_job import Frame, Sampler, capped, carried_out, like

AT_ONCE = 10


def learn(frame: Frame, job: dict[str, Any]) -> tuple[Sampler, str]:
    roles = job["roles"]
    held = partners(frame, roles)
    narrow = held.narrowed(frame)
    words = [
        n for n in narrow if n not in (roles["entity"], roles["time"]) and narrow[n].dtype.kind not in "iuf"
    ]
    numbers = [n for n in narrow if n not in (roles["entity"], roles["time"], *words)]
    levels = {name: sorted(narrow[name].astype(str).unique()) for name in words}
    begin = narrow[roles["time"]].min()
    days = ((narrow[roles["time"]] - begin) / pd.Timedelta(days=1)).to_numpy(dtype=float)
    first = ~narrow[roles["entity"]].duplicated().to_numpy()
    gap = np.where(first, days, np.diff(days, prepend=0.0))
    scale = {name: narrow[name].abs().median() + 1e-9 for name in numbers}
    columns = [np.log1p(np.maximum(gap, 0.0))]
    columns += [np.arcsinh(narrow[name].to_numpy(dtype=float) / scale[name]) for name in numbers]
    columns += [pd.Categorical(narrow[name].astype(str), levels[name]).codes.astype(float) for name in words]
    values = np.stack(columns, axis=1)
    lives = np.split(values, np.flatnonzero(first)[1:])
    longest = AT_ONCE * int(np.ceil(np.quantile([len(life) for life in lives], 0.99) / AT_ONCE))
    lives = [life[:longest] for life in lives]
    kinds = [OutputType.CONTINUOUS] * (1 + len(numbers)) + [OutputType.DISCRETE] * len(words)
    own = DGAN(
        DGANConfig(max_sequence_len=longest, sample_len=AT_ONCE, batch_size=min(1000, len(lives)), cuda=False)
    )
    epochs = [0]

    def fit() -> None:
        own.train_numpy(
            features=lives, feature_types=kinds, progress_callback=lambda seen: epochs.append(seen.epoch)
        )

    cut = capped(fit, job["cap"])

    def sample(count: int) -> Frame:
        _, made = own.generate_numpy(count)
        found = []
        for k, life in enumerate(made):
            at = np.cumsum(np.expm1(np.maximum(life[:, 0].astype(float), 0.0)))
            at = at if roles["clock"] else np.round(at)
            part = {roles["entity"]: f"new{k}", roles["time"]: begin + pd.to_timedelta(at, unit="D")}
            for j, name in enumerate(numbers):
                part[name] = np.round(np.sinh(life[:, 1 + j].astype(float)) * scale[name], 2)
            for j, name in enumerate(words):
                part[name] = np.array(levels[name], dtype=object)[life[:, 1 + len(numbers) + j].astype(int)]
            found.append(pd.DataFrame(part))
        whole = pd.concat(found, ignore_index=True)
        whole = whole[whole[roles["time"]] <= frame[roles["time"]].max()]
        return like(held.widened(whole, np.random.default_rng(job["seed"])), frame)

    return sample, f"cut after {job['cap']:g} CPU s, epoch {epochs[-1]} of {own.config.epochs}" if cut else ""


if __name__ == "__main__":
    carried_out(learn, ("gretel-synthetics", "torch"))

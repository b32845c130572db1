"""mostlyai-engine's TabularARGN on sequences of an entity, defaults; its own limit ends a training."""

from __future__ import annotations

from typing import Any

import pandas as pd
from mostlyai.engine import TabularARGN
from peer_job import Frame, Sampler, carried_out, like, spent


def learn(frame: Frame, job: dict[str, Any]) -> tuple[Sampler, str]:
    entity = job["roles"]["entity"]
    people = pd.DataFrame({entity: frame[entity].unique()})
    own = TabularARGN(
        tgt_context_key=entity, ctx_primary_key=entity, ctx_data=people,
        max_training_time=job["cap"] / 60.0, random_state=job["seed"], device="cpu",
    )  # fmt: skip
    begun = spent()
    own.fit(frame)
    cut = spent() - begun > 0.95 * job["cap"]

    def sample(count: int) -> Frame:
        new = pd.DataFrame({entity: [f"new{k}" for k in range(count)]})
        return like(own.sample(ctx_data=new), frame)

    return sample, f"cut after {job['cap']:g} s of training" if cut else ""


if __name__ == "__main__":
    carried_out(learn, ("mostlyai-engine", "torch"))

"""mostlyai-engine's TabularARGN on sequences of an entity, defaults; its own limit ends a training.

Counterparties beyond the 100 most met ones are one level to it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from event_fields import partners
from mostlyai.engine import TabularARGN
from mostlyai_clock import in_cpu_seconds
from peer_job import Frame, Sampler, carried_out, like, spent


def learn(frame: Frame, job: dict[str, Any]) -> tuple[Sampler, str]:
    in_cpu_seconds()
    entity = job["roles"]["entity"]
    held = partners(frame, job["roles"])
    people = pd.DataFrame({entity: frame[entity].unique()})
    own = TabularARGN(
        tgt_context_key=entity, ctx_primary_key=entity, ctx_data=people,
        max_training_time=job["cap"] / 60.0, random_state=job["seed"], device="cpu",
    )  # fmt: skip
    begun = spent()
    own.fit(held.narrowed(frame))
    cut = spent() - begun > 0.95 * job["cap"]

    def sample(count: int) -> Frame:
        new = pd.DataFrame({entity: [f"new{k}" for k in range(count)]})
        made = own.sample(ctx_data=new)
        return like(held.widened(made, np.random.default_rng(job["seed"])), frame)

    return sample, f"cut after {job['cap']:g} CPU s" if cut else ""


if __name__ == "__main__":
    carried_out(learn, ("mostlyai-engine", "torch"))

"""SDV's PAR with default settings; counterparties beyond the 100 most met ones are one level to it.

An epoch of PAR costs about the square of its entities, a minute for 400 of them; it learns as many as its
128 epochs can go through in the CPU seconds, told from a few epochs on 20, 40, 80 and so on.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from event_fields import partners
from peer_job import Frame, Sampler, capped, carried_out, in_parts, like, spent
from rows_in_time import SAFE
from sdv.metadata import Metadata
from sdv.sequential import PARSynthesizer

FIRST, AT_ONCE, EPOCHS = 20, 20, 128


def learn(frame: Frame, job: dict[str, Any]) -> tuple[Sampler, str]:
    roles = job["roles"]
    held = partners(frame, roles)
    narrow = held.narrowed(frame)
    about = Metadata.detect_from_dataframes({"table": narrow})
    if about.tables["table"].primary_key:
        about.remove_primary_key(table_name="table")
    for name in narrow:
        numeric = narrow[name].dtype.kind in "if"
        sdtype = "id" if name == roles["entity"] else "datetime" if name == roles["time"] else (
            "numerical" if numeric else "categorical")  # fmt: skip
        about.update_column(table_name="table", column_name=name, sdtype=sdtype)
    about.set_sequence_key(table_name="table", column_name=roles["entity"])
    about.set_sequence_index(table_name="table", column_name=roles["time"])
    entity = roles["entity"]
    people = np.random.default_rng(job["seed"]).permutation(frame[entity].unique())
    begun = spent()

    def fitted(count: int, epochs: int) -> PARSynthesizer:
        some = narrow[narrow[entity].isin(people[:count])].reset_index(drop=True)
        made = PARSynthesizer(about, cuda=False, epochs=epochs)
        cut = capped(lambda: made.fit({"table": some}), job["cap"] - (spent() - begun))
        if cut:
            notes.append(f"cut after {job['cap']:g} CPU s, epoch {len(made._model.loss_values)} of {epochs}")
        made._fitted = True
        return made

    def an_epoch(count: int) -> float:
        times = [spent()]
        for epochs in (1, 3):
            fitted(count, epochs)
            times.append(spent())
        return max(1e-3, (times[2] - 2 * times[1] + times[0]) / 2)

    def room(once: float) -> float:
        return SAFE * (job["cap"] - (spent() - begun)) / (EPOCHS * once)

    notes: list[str] = []
    count = FIRST
    while room(once := an_epoch(count)) > 4.0 and 2 * count <= len(people):
        count *= 2
    count = int(np.clip(count * np.sqrt(max(room(once), 0.0)), FIRST, len(people)))
    if count < len(people):
        notes.append(f"{count} of {len(people):,} entities learned")
    own = fitted(count, EPOCHS)

    def some_of(count: int) -> Frame:
        return own.sample_sequences(count)["table"]

    def sample(count: int) -> Frame:
        made = in_parts(some_of, count, AT_ONCE, entity, job["cap"])
        return like(held.widened(made, np.random.default_rng(job["seed"])), frame)

    return sample, ", ".join(notes)


if __name__ == "__main__":
    carried_out(learn, ("sdv", "deepecho"))

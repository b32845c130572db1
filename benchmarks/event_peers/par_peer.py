"""SDV's PAR with default settings; counterparties beyond the 100 most met ones are one level to it.

An epoch of PAR goes through all entities one by one; it learns at most 500, so that its 128 epochs can end.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from event_fields import partners
from peer_job import Frame, Sampler, capped, carried_out, in_parts, like
from sdv.metadata import Metadata
from sdv.sequential import PARSynthesizer

MOST, AT_ONCE = 500, 20


def learn(frame: Frame, job: dict[str, Any]) -> tuple[Sampler, str]:
    roles = job["roles"]
    held = partners(frame, roles)
    narrow = held.narrowed(frame)
    people = frame[roles["entity"]].unique()
    notes = []
    if len(people) > MOST:
        some = np.random.default_rng(job["seed"]).permutation(people)[:MOST]
        narrow = narrow[narrow[roles["entity"]].isin(some)].reset_index(drop=True)
        notes.append(f"{MOST} of {len(people):,} entities learned")
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
    own = PARSynthesizer(about, cuda=False)
    cut = capped(lambda: own.fit({"table": narrow}), job["cap"])
    own._fitted = True

    if cut:
        notes.append(
            f"cut after {job['cap']:g} CPU s, epoch {len(own._model.loss_values)} of {own._model.epochs}"
        )

    def some_of(count: int) -> Frame:
        return own.sample_sequences(count)["table"]

    def sample(count: int) -> Frame:
        made = in_parts(some_of, count, AT_ONCE, roles["entity"], job["cap"])
        return like(held.widened(made, np.random.default_rng(job["seed"])), frame)

    return sample, ", ".join(notes)


if __name__ == "__main__":
    carried_out(learn, ("sdv", "deepecho"))

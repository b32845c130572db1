"""SDV's synthesizers of single tables with their default settings, metadata as detected."""

from __future__ import annotations

from typing import Any

from peer_job import Frame, Sampler, capped, carried_out, like
from sdv.metadata import Metadata
from sdv.single_table import CTGANSynthesizer, GaussianCopulaSynthesizer, TVAESynthesizer

KINDS = {"copula": GaussianCopulaSynthesizer, "ctgan": CTGANSynthesizer, "tvae": TVAESynthesizer}


def learn(frame: Frame, job: dict[str, Any]) -> tuple[Sampler, str]:
    about = Metadata.detect_from_dataframes({"table": frame})
    for name, column in about.tables["table"].columns.items():
        if column["sdtype"] not in ("numerical", "categorical", "datetime", "boolean"):
            sdtype = "numerical" if frame[name].dtype.kind in "if" else "categorical"
            about.update_column(table_name="table", column_name=name, sdtype=sdtype)
    if about.tables["table"].primary_key:
        about.remove_primary_key(table_name="table")
    own = KINDS[job["generator"]](about)
    cut = capped(lambda: own.fit({"table": frame}), job["cap"])
    own._fitted = True
    note = ""
    if cut:
        losses = getattr(own._model, "loss_values", None)
        done = 0 if losses is None or losses.empty else int(losses["Epoch"].max()) + 1
        note = f"cut after {job['cap']:g} CPU s, epoch {done} of 300"

    def sample(count: int) -> Frame:
        made = own.sample(count)
        return like(made["table"] if isinstance(made, dict) else made, frame)

    return sample, note


if __name__ == "__main__":
    carried_out(learn, ("sdv", "ctgan"))

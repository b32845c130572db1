"""mostlyai-qa: accuracy, discriminator AUC, identical matches and distances against the hold-out."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from evidence_peers.cases import Sides, each_case
from mostlyai import qa


def judge(sides: Sides, label: str) -> dict[str, Any]:
    real, own, spare = sides["real"], sides["own"], sides.get("holdout")
    with tempfile.TemporaryDirectory() as folder:
        _, found = qa.report(
            syn_tgt_data=own,
            trn_tgt_data=real,
            hol_tgt_data=spare,
            report_path=str(Path(folder) / "report.html"),
        )
    figures = {"accuracy": 1.0 - float(found.accuracy.overall)}
    if found.similarity is not None:
        figures["discriminator"] = float(found.similarity.discriminator_auc_training_synthetic or 0.5)
    if found.distances is not None:
        figures["identical matches"] = float(found.distances.ims_training)
        if spare is not None and found.distances.dcr_share is not None:
            figures["closer to training"] = float(found.distances.dcr_share)
    return {"figures": figures}


if __name__ == "__main__":
    each_case(judge, ("mostlyai-qa", "pandas"))

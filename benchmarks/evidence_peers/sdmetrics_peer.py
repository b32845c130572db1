"""sdmetrics: quality and diagnostic report, new rows (1,000 tried), detection by logistic regression."""

from __future__ import annotations

from typing import Any

import pandas as pd
from evidence_peers.cases import Sides, each_case
from sdmetrics.reports.single_table import DiagnosticReport, QualityReport
from sdmetrics.single_table import LogisticDetection, NewRowSynthesis


def described(frame: pd.DataFrame) -> dict[str, Any]:
    is_number = {
        name: pd.api.types.is_numeric_dtype(frame[name]) and frame[name].nunique() > 2 for name in frame
    }
    kinds = {name: {"sdtype": "numerical" if yes else "categorical"} for name, yes in is_number.items()}
    return {"columns": kinds}


def judge(sides: Sides, label: str) -> dict[str, Any]:
    real, own = sides["real"], sides["own"]
    about = described(real)
    quality, diagnostic = QualityReport(), DiagnosticReport()
    quality.generate(real, own, about, verbose=False)
    diagnostic.generate(real, own, about, verbose=False)
    parts = quality.get_properties().set_index("Property")["Score"]
    size = min(len(own), 1_000)
    good = {
        "column shapes": parts["Column Shapes"],
        "column pair trends": parts["Column Pair Trends"],
        "diagnostic": diagnostic.get_score(),
        "new rows": NewRowSynthesis.compute(real, own, about, synthetic_sample_size=size),
    }
    try:
        good["logistic detection"] = LogisticDetection.compute(real, own, about)
    except ValueError as refused:  # a rare level that its first fold does not hold
        print(refused, flush=True)
    return {"figures": {name: 1.0 - float(value) for name, value in good.items() if value == value}}


if __name__ == "__main__":
    each_case(judge, ("sdmetrics", "pandas"))

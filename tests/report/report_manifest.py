"""Scores and manifest of the miniature run, written by hand in the layout of the engine."""

from __future__ import annotations

from typing import Any

from finsim.evaluation.metric import Score
from finsim.evaluation.scorecard import Scorecard

SHAPE = {"paths": 12, "sessions": 400, "days": 21, "months": 12, "loans": 400}


def scores() -> tuple[Score, ...]:
    """Scores of three uses with every verdict, odd signs and missing figures."""
    return (
        Score(
            "kolmogorov",
            "AAPL return",
            0.021,
            0.015,
            0.03,
            4788,
            0.02,
            0.3,
            0.05,
            "pass",
            "backtest",
            "probability",
        ),
        Score(
            "hill",
            "IBM losses",
            0.31,
            0.12,
            0.5,
            4788,
            0.1,
            0.9,
            0.2,
            "warn",
            "stress a portfolio",
            "log ratio",
            "0.31 is above the goal 0.2 <b>&",
            "tail index 2.9 & 3.1",
        ),
        Score(
            "kurtosis",
            "AAPL",
            0.9,
            0.6,
            1.1,
            4788,
            0.1,
            0.9,
            0.2,
            "fail",
            "stress a portfolio",
            "log ratio",
            "too thin",
        ),
        Score(
            "detector_recall",
            "schemes",
            0.7,
            0.6,
            0.8,
            50,
            0.9,
            0.01,
            0.5,
            "pass",
            "train a detector",
            "share",
            direction="higher",
        ),
        Score("bar_copies", "bars", 0.0, 0.0, None, 9600, 0.0, None, 0.0, "pass", "share", "bars"),
        Score(
            "leverage",
            "IBM",
            None,
            None,
            None,
            0,
            None,
            None,
            None,
            "not computed",
            "backtest",
            "x",
            "too few rows",
        ),
    )


EXPECTATIONS: dict[str, Any] = {
    "base": [],
    "crash": [
        {
            "metric": "driver.equity.trough",
            "found": -0.5,
            "expected": "-0.5 +- 0.001",
            "met": True,
            "reason": "",
        },
        {
            "metric": "credit.default_rate",
            "found": 0.1,
            "expected": "between 0.2 and 0.4",
            "met": False,
            "reason": "",
        },
        {
            "metric": "equity.vol21_peak",
            "found": None,
            "expected": "at least 0.3",
            "met": None,
            "reason": "not measured",
        },
    ],
}

MODEL: dict[str, Any] = {
    "world": "market",
    "generator": "flow",
    "sha256": "cd" * 32,
    "settings": {"width": 32},
    "inputs": ["ef" * 32],
    "training": {
        "steps": 40,
        "stopped_by": "steps",
        "training_rows": 2600,
        "cpu_seconds": 12.5,
        "losses": {"train": [1.0, 0.6, 0.5], "held_out": [1.1, None, 0.6]},
    },
}


def _study(wanted: Any) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "market": {
            "data": wanted.data,
            "paths": SHAPE["paths"],
            "sessions": SHAPE["sessions"],
            "betas": {"AAPL": 1.0},
            "rules": "ohlcv",
        },
        "transactions": {"currency": "USD", "days": SHAPE["days"], "accounts": 60},
        "credit": {"loans": SHAPE["loans"], "months": SHAPE["months"]},
    }
    return {
        "finsim": "study/1",
        "id": "miniature",
        "title": "A miniature world, written by hand",
        "seed": 7,
        **{world: parts[world] if world in wanted.worlds else None for world in parts},
        "scenarios": [{"name": label, "severity": 1.0} for label in wanted.labels],
        "evaluation": {"enabled": wanted.scored},
    }


def _rules(wanted: Any) -> dict[str, Any]:
    rule = {
        "level": "invariant",
        "rows": 9600,
        "fired": 9600,
        "violations": 3,
        "excused": 1,
        "after": 0,
        "repaired": 3,
    }
    return {
        f"market/{label}": {
            "pack": "ohlcv",
            "sha256": "ab" * 32,
            "rules": {"high-is-highest": rule, "positive": {**rule, "violations": 0}},
        }
        for label in wanted.labels
        if "market" in wanted.worlds
    }


def manifest(wanted: Any, rows: dict[str, int], facts: dict[str, Any], card: Scorecard) -> dict[str, Any]:
    has_market = "market" in wanted.worlds
    inputs = [
        {"role": "prices", "path": wanted.data, "sha256": "ef" * 32, "rows": 3270, "licence": "public domain"}
    ]
    return {
        "schema": "finsim.manifest/1",
        "created": "2026-11-22T10:00:00+00:00",
        "study": {
            "resolved": _study(wanted),
            "sha256": "12" * 32,
        },
        "seeds": {"root": 7, "streams": "Philox"},
        "scenarios": {
            label: {
                "title": f"The story {label}",
                "kind": "baseline" if label == "base" else "hypothetical",
                "severity": 1.0,
                "sha256": "34" * 32,
                "probability": {"weight": 0.01, "basis": "judgement"},
                "macro": {"unemployment": {"kind": "delta"}},
            }
            for label in wanted.labels
        },
        "inputs": inputs if has_market else [],
        "models": [MODEL] if has_market else [],
        "environment": {
            "versions": {"python": "3.11", "finsim": "0.1.0"},
            "platform": {"system": "Linux", "cores": 2},
            "source": None,
            "determinism": "bitwise",
        },
        "rules": _rules(wanted),
        "scores": {
            "verdicts": {use: verdict.to_dict() for use, verdict in card.verdicts().items()},
            "judged_scenario": wanted.labels[0],
            "measures": {},
            "facts": facts,
            "expectations": {label: EXPECTATIONS.get(label, []) for label in wanted.labels},
        },
        "cost": {
            "cpu_seconds": {"market": 12.5, "evidence": 3.0},
            "cpu_seconds_total": 15.5,
            "wall_seconds": None,
            "rows": {**rows, "total": sum(rows.values())},
            "cpu_seconds_per_million": 310.0,
            "cpu_seconds_per_million_by_world": {"market": 650.0},
        },
        "outputs": [
            {
                "path": "bars/scenario=base/bars.parquet",
                "sha256": "56" * 32,
                "rows": 9600,
                "bytes": 1000,
                "row_groups": [],
            }
        ],
        "files": [],
        "dataset_sha256": "78" * 32,
        "audit": {"entries": 3, "head": "9a" * 32},
        "statement": {
            "intended_use": ["test detectors"],
            "prohibited_use": ["decisions about real persons"],
            "known_limits": ["base rates are those of the study"],
        },
        "sha256": "bc" * 32,
    }

"""The small study that is run in stores."""

from typing import Any

STUDY: dict[str, Any] = {
    "id": "small",
    "transactions": {"accounts": 200, "days": 2, "narratives": []},
    "credit": {
        "data": "german_credit",
        "loans": 200,
        "months": 3,
        "draws": 5000,
        "generator": {"name": "copula"},
    },
    "scenarios": ["base", "covid-2020"],
    "evaluation": {"enabled": False},
}

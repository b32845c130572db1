"""Stand-ins of tables and events for the attacks: a credit table of twelve columns, payments of cards."""

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.evaluation.events.event_case import EventCase, sequences
from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.column_pairs import Roles
from finsim.evaluation.tables.table_case import TableCase, table_case
from finsim.randomness import Streams

QUICK = Settings(bootstrap=100)
CARD = Roles(id="card", time="day")
PERSON = Roles(label="bad", secrets=("job", "income"), groups=("sex", "age"))


def people(rows: int, seed: int) -> pd.DataFrame:
    """Return applicants whose columns hang together; incomes are to the cent, amounts are round."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((rows, 4))
    age = np.clip(40 + 12 * z[:, 0], 18, 90).round()
    chance = 1 / (1 + np.exp(2 - 0.8 * z[:, 3] + 0.5 * z[:, 1] - 0.4 * z[:, 2]))
    return pd.DataFrame(
        {
            "age": age,
            "income": np.round(np.exp(10.4 + 0.5 * z[:, 1] + 0.01 * (age - 40)), 2),
            "amount": np.round(np.exp(9 + 0.6 * z[:, 2] + 0.4 * z[:, 1]) / 25) * 25,
            "rate": np.round(0.05 + 0.03 * rng.beta(2, 5, rows) + 0.01 * z[:, 3], 4),
            "term": rng.choice([36.0, 60.0], rows, p=[0.7, 0.3]),
            "dti": np.round(20 + 8 * rng.standard_normal(rows) - 3 * z[:, 1], 2),
            "job": rng.choice(list("abcdef"), rows, p=[0.4, 0.2, 0.15, 0.1, 0.1, 0.05]),
            "home": np.where(rng.random(rows) < 1 / (1 + np.exp(-z[:, 1])), "own", "rent"),
            "purpose": rng.choice(["car", "debt", "home", "edu"], rows, p=[0.2, 0.5, 0.2, 0.1]),
            "state": rng.choice([f"s{k}" for k in range(50)], rows),
            "sex": rng.choice(["m", "f"], rows),
            "bad": (rng.random(rows) < chance).astype(np.int64),
        }
    )


def cards(count: int, rows: int, seed: int, first: int = 0) -> pd.DataFrame:
    """Return payments of cards: each has its own level of amounts and its own shop."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(count) + first, rows)
    level, shop = np.repeat(rng.normal(4, 0.7, count), rows), np.repeat(rng.integers(0, 12, count), rows)
    code = np.where(rng.random(len(who)) < 0.6, shop, rng.integers(0, 12, len(who)))
    return pd.DataFrame(
        {
            "card": who,
            "amount": np.round(np.exp(level + 0.8 * rng.standard_normal(len(who))), 2),
            "hour": rng.normal(13, 3, len(who)).round(2),
            "mcc": [f"m{k:02d}" for k in code],
            "day": rng.integers(0, 365, len(who)).astype(float),
        }
    )


def noisy(frame: pd.DataFrame, share: float, seed: int = 0, columns: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return the rows with noise of a share of the s.d. on some, or all, columns of fractions."""
    rng = np.random.default_rng(seed)
    made = frame.copy()
    for name in columns or [name for name in made if made[name].dtype.kind == "f"]:
        made[name] = made[name] + share * made[name].std() * rng.standard_normal(len(made))
    return made


def as_case(
    real: pd.DataFrame,
    own: pd.DataFrame,
    holdout: pd.DataFrame | None = None,
    roles: Roles = Roles(),  # noqa: B008
    settings: Settings = QUICK,
    seed: int = 7,
) -> TableCase:
    """Return the case of three frames."""
    tables = [
        None if side is None else pa.Table.from_pandas(side, preserve_index=False)
        for side in (real, own, holdout)
    ]
    return table_case(tables[0], tables[1], tables[2], roles, Streams(seed), settings)


def as_events(
    real: pd.DataFrame, own: pd.DataFrame, holdout: pd.DataFrame | None = None, seed: int = 7
) -> EventCase:
    """Return the case of payments of cards."""
    case = as_case(real, own, holdout, CARD, seed=seed)
    day = case.column("day")
    spare = None if holdout is None else sequences(case.entity_spare, day.spare)
    return EventCase(case, sequences(case.entity_real, day.real), sequences(case.entity_own, day.own), spare)

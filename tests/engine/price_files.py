"""Price files of every kind that the markets guide names, made by hand from one stream of numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

ROWS = 400


def moves(rows: int, assets: int, seed: int = 1, size: float = 0.01) -> np.ndarray:
    rng = np.random.default_rng(seed)
    calm = 1.0 + 0.8 * np.sin(np.arange(rows) / 40.0)
    return (
        size
        * calm[:, None]
        * (0.6 * rng.standard_normal((rows, 1)) + 0.8 * rng.standard_t(5, (rows, assets)))
    )


def days(rows: int) -> list[str]:
    return [str(day.date()) for day in pd.bdate_range("2019-01-02", periods=rows)]


def closes(assets: int, rows: int = ROWS, start: float = 50.0) -> np.ndarray:
    return start * np.exp(np.cumsum(moves(rows, assets), axis=0))


def bars(rows: int = ROWS, seed: int = 3, size: float = 0.01) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    close = 80.0 * np.exp(np.cumsum(moves(rows, 1, seed, size)[:, 0]))
    opened = np.r_[80.0, close[:-1]] * np.exp(size / 4 * rng.standard_normal(rows))
    high = np.maximum(opened, close) * np.exp(size / 2 * rng.exponential(size=rows))
    low = np.minimum(opened, close) * np.exp(-size / 2 * rng.exponential(size=rows))
    volume = np.rint(np.exp(10 + 0.4 * rng.standard_normal(rows)))
    return pd.DataFrame(
        {"Open": opened, "High": high, "Low": low, "Close": close, "Volume": volume.astype(int)}
    )


def panel(assets: int, rows: int = ROWS) -> pd.DataFrame:
    frame = pd.DataFrame(closes(assets, rows), columns=[f"A{k:03d}" for k in range(assets)])
    frame.insert(0, "date", days(rows))
    return frame


def ohlcv() -> pd.DataFrame:
    frame = bars()
    frame.insert(0, "Date", days(ROWS))
    return frame


def long_closes() -> pd.DataFrame:
    return panel(3).melt("date", var_name="ticker", value_name="close")


def constant_price() -> pd.DataFrame:
    return panel(2).assign(A001=7.5)


def all_constant() -> pd.DataFrame:
    return panel(2).assign(A000=3.0, A001=7.5)


def quotes() -> pd.DataFrame:
    """GBPUSD-like: bid and ask bars of every weekday and Sunday, the spread wider when moves are larger."""
    rng = np.random.default_rng(8)
    middle = bars(size=0.005)[["Open", "High", "Low", "Close"]] / 60.0
    size = np.abs(np.diff(np.log(middle["Close"]), prepend=np.log(middle["Close"].iloc[0])))
    size = pd.Series(size).ewm(span=20).mean().to_numpy()
    half = (0.00008 + 0.04 * size * np.exp(0.2 * rng.standard_normal(ROWS)))[:, None] / 2
    bid, ask = middle * (1 - half), middle * (1 + half)
    dates = pd.date_range("2019-01-01", periods=2 * ROWS)
    dates = dates[dates.day_of_week != 5][:ROWS].strftime("%Y-%m-%d")
    sides = [side.add_prefix(name) for name, side in (("Bid", bid), ("Ask", ask))]
    return pd.concat([pd.Series(dates, name="Time"), *sides], axis=1)


def minutes() -> pd.DataFrame:
    """Minute bars of a market that never closes."""
    frame = bars(2000, size=0.0005)
    stamps = pd.date_range("2024-03-01", periods=2000, freq="min").strftime("%Y-%m-%d %H:%M:%S")
    frame.insert(0, "timestamp", stamps)
    return frame


def months() -> pd.DataFrame:
    frame = bars(180, size=0.04)
    frame.insert(0, "Date", pd.date_range("2005-01-31", periods=180, freq="ME").strftime("%Y-%m-%d"))
    return frame


def every_day() -> pd.DataFrame:
    frame = bars()
    frame.insert(0, "Date", pd.date_range("2019-01-01", periods=ROWS).strftime("%Y-%m-%d"))
    return frame


def yields() -> pd.DataFrame:
    level = 0.4 + np.cumsum(3.0 * moves(ROWS, 2), axis=0)
    return pd.DataFrame({"Date": days(ROWS), "Y2": level[:, 0] - 0.5, "Y10": level[:, 1]})


def returns() -> pd.DataFrame:
    found = pd.DataFrame(moves(ROWS, 3), columns=["X", "Y", "Z"])
    found.insert(0, "Date", days(ROWS))
    return found


def mixed() -> pd.DataFrame:
    return panel(1).assign(Y10=yields()["Y10"], FUND=returns()["X"])


def listed_later() -> pd.DataFrame:
    frame = panel(3, 600)
    frame.loc[:349, "A002"] = np.nan
    return frame


SCHEMAS = {
    "yields": "Y2: {type: float, as: difference}\n  Y10: {type: float, as: difference}",
    "returns": "X: {type: float, as: return}\n  Y: {type: float, as: return}\n  Z: {type: float, as: return}",
    "mixed": "Y10: {type: float, as: difference}\n  FUND: {type: float, as: return}",
}
KINDS: dict[str, Callable[[], pd.DataFrame]] = {
    "ohlcv": ohlcv,
    "no_volume": lambda: ohlcv().drop(columns="Volume"),
    "zero_volume": lambda: ohlcv().assign(Volume=0),
    "long_closes": long_closes,
    "one_close": lambda: panel(1),
    "panel_2": lambda: panel(2),
    "panel_12": lambda: panel(12),
    "panel_100": lambda: panel(100),
    "constant_price": constant_price,
    "all_constant": all_constant,
    "quotes": quotes,
    "minutes": minutes,
    "months": months,
    "every_day": every_day,
    "large_volume": lambda: ohlcv().assign(Volume=lambda frame: frame["Volume"] * 1e15),
    "listed_later": listed_later,
    "yields": yields,
    "returns": returns,
    "mixed": mixed,
}


def write(folder: Path, kind: str) -> tuple[Path, Path | None]:
    """Write the price file of a kind, and its schema where it needs one."""
    file, schema = folder / f"{kind}.csv", None
    KINDS[kind]().to_csv(file, index=False)
    if kind in SCHEMAS:
        schema = folder / f"{kind}.yaml"
        schema.write_text(f"finsim: schema/1\nkind: prices\ncolumns:\n  {SCHEMAS[kind]}\n")
    return file, schema


def study(folder: Path, kind: str, **changes: object) -> Path:
    """Write a tiny study on the price file of a kind."""
    file, schema = write(folder, kind)
    market = {
        "data": file.name,
        "generator": {"name": "bootstrap"},
        "paths": 4,
        "sessions": 80,
        "shard_paths": 4,
    }
    market |= {} if schema is None else {"schema": schema.name}
    market |= changes
    lines = [f"  {name}: {value}" for name, value in market.items()]
    text = f"finsim: study/1\nid: {kind.replace('_', '-')}\nseed: 7\nmarket:\n" + "\n".join(lines)
    path = folder / f"{kind}-study.yaml"
    path.write_text(text.replace("'", "") + "\nscenarios: [base]\nevaluation: {enabled: false}\n")
    return path

"""Random tables for the packs of prices, quotes and company accounts."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute
from naive.pack_sql.damage import DAY, ID, INT, MONEY, REAL, TIME, TRUTH, WORDS, damaged


def ohlcv(rng):
    frames = []
    for path in (0, 1):
        for asset in ("A", "B", "WTI"):
            close = 30 + np.cumsum(rng.normal(0, 3, 45)) - (20 if asset == "WTI" else 0)
            opened = np.append(close[0], close[:-1]) + rng.normal(0, 1, 45)
            frames.append(
                pd.DataFrame(
                    {
                        "path": path,
                        "date": [d.date() for d in pd.date_range("2026-01-01", periods=45)],
                        "asset": asset,
                        "open": opened,
                        "high": np.maximum(opened, close) + rng.choice([0.0, 0.5], 45),
                        "low": np.minimum(opened, close) - rng.choice([0.0, 0.5], 45),
                        "close": close,
                        "volume": rng.integers(0, 5, 45),
                    }
                )
            )
    schema = {
        "path": pa.int32(),
        "date": DAY,
        "asset": WORDS,
        **dict.fromkeys(("open", "high", "low", "close"), REAL),
    }
    schema["volume"] = INT
    prices = [-3.0, 0.0, 25.0, 1e6]
    wrong = {**dict.fromkeys(("open", "high", "low", "close"), prices), "volume": [-1, 0]}
    wrong["date"] = [pd.Timestamp("2025-12-31").date(), pd.Timestamp("2026-01-20").date()]
    return {"bars": damaged(rng, pd.concat(frames), schema, wrong)}


def return_series(rng):
    bars = ohlcv(rng)["bars"]
    scaled = {
        name: pa.compute.divide(pa.compute.subtract(bars[name], 40.0), 20.0)
        for name in ("open", "high", "low", "close")
    }
    for name, values in scaled.items():
        bars = bars.set_column(bars.schema.get_field_index(name), name, values)
    return {"bars": bars}


def quote_bars(rng):
    bars = ohlcv(rng)["bars"]
    close, count = bars["close"].to_numpy(zero_copy_only=False), bars.num_rows
    half = np.abs(close) * rng.choice([0.001, 0.002, 0.02], count)
    bid = close - half + rng.choice([0.0, 0.0, 5.0], count)
    ask = close + half - rng.choice([0.0, 0.0, 0.0, 5.0], count)
    for name, values in (("bid", bid), ("ask", ask)):
        gaps = np.isnan(values) | (rng.random(count) < 0.05)
        bars = bars.append_column(name, pa.array(np.where(gaps, 0.0, values), REAL, mask=gaps))
    return {"bars": bars}


def quotes_lob(rng):
    frames = []
    steps = {"ES": 0.25, "CL": 0.01, "EURUSD": 0.00001, "SPY": 0.01}
    for symbol, tick in steps.items():
        count = 160
        middle = np.rint((20 + np.cumsum(rng.normal(0, 20 * tick, count))) / tick)
        gap = rng.choice([1, 2, 3, 12], count)
        unit = 0.01 if symbol == "EURUSD" else 1.0
        sizes = rng.choice([1, 2, 100, 100], (count, 2)) * unit
        moves = np.cumsum(rng.choice([0, 1, 30, 400], count))
        event = rng.choice(["quote", "quote", "trade"], count)
        frames.append(
            pd.DataFrame(
                {
                    "symbol": symbol,
                    "ts": [
                        pd.Timestamp("2026-01-05 14:30", tz="UTC") + pd.Timedelta(int(m), "ms") for m in moves
                    ],
                    "seq": np.arange(count),
                    "event": event,
                    "bid": np.where((event == "trade") & (rng.random(count) < 0.5), np.nan, middle * tick),
                    "ask": (middle + gap) * tick,
                    "bid_size": sizes[:, 0],
                    "ask_size": sizes[:, 1],
                    "bid2": (middle - 1) * tick,
                    "bid3": (middle - 2) * tick,
                    "ask2": (middle + gap + 1) * tick,
                    "ask3": (middle + gap + 2) * tick,
                    "price": (middle + rng.choice([-1, 0, 1, gap[0]], count)) * tick,
                }
            )
        )
    schema = {"symbol": WORDS, "ts": TIME, "seq": INT, "event": WORDS}
    reals = ("bid", "ask", "bid_size", "ask_size", "bid2", "bid3", "ask2", "ask3", "price")
    schema |= dict.fromkeys(reals, REAL)
    prices = [-1.0, 0.0, 19.999, 20.1234567, 21.0]
    wrong = {**dict.fromkeys(reals, prices), "bid_size": [0.0, 1.5, 1e6], "ask_size": [0.0, 0.005, 1e6]}
    return {"quotes": damaged(rng, pd.concat(frames), schema, {**wrong, "seq": [0]}, 0.02)}


def corporate_credit(rng):
    rows = []
    for firm in range(70):
        cash, gone, sector = 5_000, False, str(rng.choice(["bank", "retail", "energy"]))
        for year in range(2019, 2026):
            flows = rng.integers(-900, 1_000, 4)
            cash, gone = cash + int(flows.sum()), gone or bool(rng.random() < 0.05)
            assets, liabilities = 100_000 + firm * 50, int(rng.choice([30_000, 60_000, 99_000, 120_000]))
            ebit = int(rng.integers(-3_000, 9_000))
            rows.append(
                (firm, year, sector, assets, liabilities,
                 assets - liabilities + int(rng.choice([0, 0, 99, 100, 101])),
                 int(liabilities * rng.choice([0.2, 0.8, 1.0])), cash,
                 int(rng.choice([-50, 0, 4_000, 30_000, ebit])),
                 ebit + int(rng.choice([0, 500])), ebit, int(rng.choice([0, 200, 3_000])), *map(int, flows),
                 int(rng.choice([400, 450, 900])), 10_000, gone)
            )  # fmt: skip
    names = ["firm_id", "year", "sector", "assets", "liabilities", "equity", "debt", "cash", "revenue",
             "ebitda", "ebit", "interest", "cfo", "cfi", "cff", "fx_effect", "cet1", "rwa",
             "defaulted"]  # fmt: skip
    schema = dict.fromkeys(names, MONEY) | {
        "firm_id": ID,
        "year": INT,
        "sector": WORDS,
        "defaulted": TRUTH,
    }
    wrong = {
        "assets": [-1],
        "cash": [-10, 10**9],
        "debt": [-1, 10**9],
        "ebitda": [-(10**6)],
        "interest": [-1, 0],
        "rwa": [0],
    }
    wrong |= {"defaulted": [True, False], "equity": [0, -5], "year": [2019]}
    return {"firms": damaged(rng, pd.DataFrame(rows, columns=names), schema, wrong, 0.015)}

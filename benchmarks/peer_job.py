"""What every peer does in its own process: read a half, fit within CPU seconds, sample, say what it cost."""

from __future__ import annotations

import json
import resource
import signal
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

Frame = pd.DataFrame
Sampler = Callable[[int], Frame]
MOST_DECIMALS = 6


class Cut(BaseException):
    """Raised inside a fit when its CPU seconds are spent; no ``except Exception`` of a peer stops it."""


def capped(fit: Callable[[], Any], seconds: float) -> bool:
    """Run a fit; return whether it was cut after so many CPU seconds of this process."""

    def stop(number: int, frame: Any) -> None:
        raise Cut

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, max(seconds, 1e-3))
    try:
        fit()
    except Cut:
        return True
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return False


def carried_out(
    learn: Callable[[Frame, dict[str, Any]], tuple[Sampler, str]], packages: tuple[str, ...]
) -> None:
    """Fit on the job's ``train``, sample ``count`` rows or entities into ``out``, and write the costs."""
    job = json.loads(Path(sys.argv[1]).read_text())
    frame = pd.read_parquet(job["train"])
    np.random.seed(job["seed"])  # noqa: NPY002 - peers draw from the global generator
    begun = spent()
    sample, note = learn(frame, job)
    fitted = spent()
    made = sample(job["count"])
    ended = spent()
    made.to_parquet(job["out"], index=False)
    note = ", ".join(one for one in (note, made.attrs.get("note", "")) if one)
    found = {
        "fit": fitted - begun, "sample": ended - fitted, "note": note, "rows": len(made),
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "versions": {name: version(name) for name in packages},
    }  # fmt: skip
    Path(sys.argv[2]).write_text(json.dumps(found))


def spent() -> float:
    """Return the CPU seconds of this process and of its ended children."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def in_parts(sample: Sampler, count: int, part: int, entity: str, seconds: float) -> Frame:
    """Sample entities in parts until there are enough or the CPU seconds are spent, which a note says."""
    begun, made, done = spent(), [], 0
    while done < count and (not made or spent() - begun < seconds):
        own = sample(min(part, count - done))
        own[entity] = f"{done} " + own[entity].astype(str)
        done += min(part, count - done)
        made.append(own)
    whole = pd.concat(made, ignore_index=True)
    if done < count:
        whole.attrs["note"] = f"{done} of {count} entities sampled in {seconds:g} CPU s"
    return whole


def dates_as_days(frame: Frame) -> tuple[Frame, list[str]]:
    """Return the frame with dates as numbers of days (NaN where missing), and which columns these are."""
    dates = [name for name in frame if pd.api.types.is_datetime64_any_dtype(frame[name])]
    plain = frame.copy()
    for name in dates:
        days = (frame[name] - pd.Timestamp("1970-01-01")) / pd.Timedelta(days=1)
        plain[name] = days.astype("float64")
    return plain, dates


def days_as_dates(frame: Frame, dates: list[str]) -> Frame:
    """Return the frame with numbers of days as dates again."""
    back = frame.copy()
    for name in dates:
        days = pd.to_numeric(back[name]).round()
        back[name] = (pd.Timestamp("1970-01-01") + pd.to_timedelta(days, unit="D")).astype("datetime64[us]")
    return back


def decimals(cells: pd.Series) -> int:
    """Return how many decimals the numbers of a column have, at most 6."""
    known = cells.dropna().to_numpy(dtype=float)
    known = known[np.isfinite(known)]
    for places in range(MOST_DECIMALS):
        if np.allclose(known, np.round(known, places), rtol=0.0, atol=1e-9):
            return places
    return MOST_DECIMALS


def like(made: Frame, real: Frame) -> Frame:
    """Return sampled columns in the order, kinds and decimals of the real ones; whole numbers are rounded."""
    kept = {}
    for name in real:
        column = made[name].reset_index(drop=True)
        if pd.api.types.is_integer_dtype(real[name]):
            column = pd.to_numeric(column).round().astype("int64")
        elif pd.api.types.is_float_dtype(real[name]):
            column = pd.to_numeric(column).astype("float64").round(decimals(real[name]))
        elif pd.api.types.is_datetime64_any_dtype(real[name]):
            column = pd.to_datetime(column).astype("datetime64[us]")
        kept[name] = column
    whole = pd.DataFrame(kept)
    whole.attrs = made.attrs
    return whole

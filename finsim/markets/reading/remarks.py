"""What a price file holds that its user should know: splits, holes, still columns, assets listed later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from finsim.kernels.markets.lost_openings import lost_openings
from finsim.notation import Dates1D, Float1D
from finsim.records.paths import PRICE, RETURN, Paths

SPLITS = (2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40, 50, 100)
HALVES = ((3, 2), (5, 2))
_CLOSE_TO = 0.03
_MANY_SIGMAS = 12.0
"""assumption: without an open, only a move twelve times the usual one is taken for a split."""

LONG_HOLE = 10
_MOST = 6


def remarks(paths: Paths, dropped: Mapping[str, int], widened: int = 0) -> list[str]:
    """Return what is to be told of one path of real bars, one sentence each; nothing for sound ones."""
    return [
        *_widened(paths, widened),
        *_short_week(paths),
        *_splits(paths),
        *_lost_openings(paths),
        *_holes(paths),
        *_still(paths),
        *_listed(paths),
        *_dropped(dropped),
    ]


def _short_week(paths: Paths) -> Iterator[str]:
    """Say that opening hours were not seen, where bars within a day cover less than a week."""
    covered = paths.dates[-1] - paths.dates[0]
    if paths.calendar.is_intraday and covered < np.timedelta64(7, "D"):
        hours = "never closes" if not paths.calendar.opening else "opens at these times every day"
        yield (
            f"The bars cover {covered / np.timedelta64(1, 'D'):.1f} days, less than a week: the market is "
            f"taken to be one that {hours}."
        )


def _widened(paths: Paths, widened: int) -> Iterator[str]:
    bars = len(paths.dates) * len(paths.assets)
    if widened:
        yield (
            f"{widened:,} of {bars:,} bars were widened, since their open or close lay outside high and "
            "low, or the high was below the low."
        )


def _splits(paths: Paths) -> Iterator[str]:
    for a in paths.where(PRICE):
        own = np.flatnonzero(np.isfinite(paths.close[0, :, a]))
        close = paths.close[0, own, a]
        opened = paths.columns["open"][0, own, a] if "open" in paths.columns else None
        for row, ratio in found_splits(close, opened)[:_MOST]:
            times = close[row] / close[row - 1]
            yield (
                f"{paths.assets[a]}: the price of {_day(paths.dates[own[row]])} is {times:.4g} times that of "
                f"the bar before, as after an unadjusted {ratio} split; it is learned as a return of "
                f"{times - 1:+.0%}. Give adjusted closes, or divide the earlier prices by the ratio."
            )


def found_splits(close: Float1D, opened: Float1D | None) -> list[tuple[int, str]]:
    """Return the rows at which a price jumps by a split's ratio and opens at it, with the ratio in words.

    Within 3 % of n for 1, 1 for n (n a small whole number) or 3 for 2 and 5 for 2. With closes alone the
    move must also be twelve times the median size of the moves.
    """
    moves = np.diff(np.log(close))
    usual = max(float(np.median(np.abs(moves))), 1e-9)
    first = moves if opened is None else np.log(opened[1:] / close[:-1])
    found: list[tuple[int, str]] = []
    for row in np.flatnonzero(np.abs(moves) > np.log(1.2)):
        for words, ratio in _ratios():
            near = [abs(np.expm1(move - np.log(ratio))) <= _CLOSE_TO for move in (moves[row], first[row])]
            if all(near) and (opened is not None or abs(moves[row]) > _MANY_SIGMAS * usual):
                found.append((int(row) + 1, words))
                break
    return found


def _lost_openings(paths: Paths) -> Iterator[str]:
    if "open" not in paths.columns:
        return
    for a in paths.where(PRICE):
        own = np.flatnonzero(np.isfinite(paths.close[0, :, a]))
        close, opened = paths.close[0, own, a], paths.columns["open"][0, own, a]
        gaps, moves = np.log(opened[1:] / close[:-1]), np.log(close[1:] / opened[1:])
        for row in np.flatnonzero(lost_openings(gaps, moves))[:_MOST]:
            opens, closes = np.expm1(gaps[row]), np.expm1(gaps[row] + moves[row])
            yield (
                f"{paths.assets[a]}: the bar of {_day(paths.dates[own[row + 1]])} opens {opens:+.1%} from "
                f"the close before and closes {closes:+.1%} from it, with no such move around it: a wrong "
                "opening. daily_flow learns the bar as opening at the close before."
            )


def _ratios() -> Iterator[tuple[str, float]]:
    for new, old in [*((n, 1) for n in SPLITS), *HALVES]:
        yield f"{new}-for-{old}", old / new
        yield f"{old}-for-{new}", new / old


def _holes(paths: Paths) -> Iterator[str]:
    """Name stretches without bars that are longer than ten steps of the history's calendar."""
    gaps = np.diff(paths.dates)
    limit = (LONG_HOLE + 1) * np.median(gaps.astype(np.int64))
    wide = np.flatnonzero(gaps.astype(np.int64) > limit)
    holes = []
    for row in wide:
        after = paths.calendar.after(paths.dates[row], LONG_HOLE + 1)
        if after[-1] < paths.dates[row + 1]:
            holes.append(f"{_day(paths.dates[row])} to {_day(paths.dates[row + 1])}")
    if holes:
        more = f" and {len(holes) - _MOST} more" if len(holes) > _MOST else ""
        word = "hole" if len(holes) == 1 else "holes"
        yield (
            f"{len(holes)} {word} of more than {LONG_HOLE} {paths.calendar.adjective} bars: "
            f"{', '.join(holes[:_MOST])}{more}; the move across a hole is learned as one step."
        )


def _still(paths: Paths) -> Iterator[str]:
    stuck = []
    for a, asset in enumerate(paths.assets):
        values = paths.close[0, np.isfinite(paths.close[0, :, a]), a]
        if np.ptp(values) == 0 and (a not in paths.where(RETURN) or not values.any()):
            stuck.append(asset)
    if stuck:
        yield f"{', '.join(stuck)} never moves; its paths will not either."


def _listed(paths: Paths) -> Iterator[str]:
    there = np.isfinite(paths.close[0])
    common = int(there.all(axis=1).sum())
    if common == len(paths.dates):
        return
    spans = []
    for a, asset in enumerate(paths.assets):
        own = np.flatnonzero(there[:, a])
        if len(own) < len(paths.dates):
            spans.append(f"{asset} {_day(paths.dates[own[0]])} to {_day(paths.dates[own[-1]])} ({len(own)})")
    joint = paths.dates[there.all(axis=1)]
    listed = "; ".join(spans[:_MOST]) + (f"; and {len(spans) - _MOST} more" if len(spans) > _MOST else "")
    yield (
        f"Not all assets have bars on all {len(paths.dates):,} dates: {listed}. Each asset's own law is "
        f"learned from all its days, who moves with whom from the {common:,} common ones ({_day(joint[0])} "
        f"to {_day(joint[-1])}); no past is invented."
    )


def _dropped(dropped: Mapping[str, int]) -> Iterator[str]:
    lost = {asset: count for asset, count in dropped.items() if count}
    if lost:
        said = ", ".join(f"{count} of {asset}" for asset, count in list(lost.items())[:_MOST])
        more = f" and of {len(lost) - _MOST} more assets" if len(lost) > _MOST else ""
        yield f"Rows were left out, since another listed asset has none on their dates: {said}{more}."


def _day(instant: np.datetime64) -> str:
    text = str(instant)
    return text.removesuffix("T00:00:00.000000000").removesuffix(":00.000000000")


def spans_of(dates: Dates1D, paths: Paths) -> dict[str, dict[str, object]]:
    """Return first date, last date and number of bars of each asset, for the notes."""
    there = np.isfinite(paths.close[0])
    found: dict[str, dict[str, object]] = {}
    for a, asset in enumerate(paths.assets):
        own = dates[there[:, a]]
        found[asset] = {"first": _day(own[0]), "last": _day(own[-1]), "bars": len(own)}
    return found

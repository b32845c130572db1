"""Summary: verdict per intended use, reasons in words, and headline numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from finsim.evaluation.uses import FAIL, NO_POWER, NOT_COMPUTED, PASS, SHARE, USES, WARN, WORST_FIRST
from finsim.report.figures.credit_data import Credit
from finsim.report.figures.credit_figures import levels_of
from finsim.report.figures.payment_data import Payments
from finsim.report.number_text import count, level, money, number, percent, plural
from finsim.report.page_elements import Section, Tile
from finsim.report.run_folder import WORLDS, RunFolder
from finsim.report.sections.scorecard_section import scores_of, tally, why_unscored

SHOWN_REASONS = 3
_WORLD_OF = {
    "train a detector": "transactions",
    "stress a portfolio": "credit or market",
    "backtest": "market",
    "share": "market or credit",
}
_ASKS = {
    "train a detector": "Are schemes rare, varied and hard enough to train and test a detector on them?",
    "stress a portfolio": "Do tails, joint losses and defaults carry a stress calculation?",
    "backtest": "Do price paths move like the real ones, day by day and over years?",
    "share": "Does anything in the data repeat the training data?",
}


@dataclass(frozen=True)
class UseCard:
    """The verdict on one use: word, counts, the first reasons, and the rest folded away.

    ``rests_on`` says n and the weakest score, ``untested`` what nobody could see, ``tables`` are the verdicts
    with the tables that have them, where there are several.
    """

    use: str
    asks: str
    verdict: str
    tally: str
    reasons: Sequence[tuple[str, str]]
    more: Sequence[tuple[str, str]]
    tables: Sequence[tuple[str, Sequence[str]]] = ()
    rests_on: str = ""
    untested: str = ""


@dataclass(frozen=True)
class Verdicts:
    """The cards of all uses."""

    cards: Sequence[UseCard]


@dataclass(frozen=True)
class Tiles:
    """The headline numbers."""

    tiles: Sequence[Tile]


def verdict_section(run: RunFolder) -> Section:
    """Return the verdicts on all uses; a use without scores says why it has none."""
    verdicts = (run.scorecard or {}).get("verdicts", {})
    cards = [_card(run, use, verdicts.get(use)) for use in USES]
    lead = (
        "One verdict for each intended use; its worst table decides. Fail: at a level of 5 % over all scores "
        "(Holm). Not computed: a required metric gave nothing. No power: it cannot see what its goal forbids."
    )
    data = {
        "verdicts": verdicts,
        "not_computed": [card.use for card in cards if card.verdict == NOT_COMPUTED],
    }
    return Section("verdicts", "What these data are fit for", lead, [Verdicts(cards)], data=data)


def _card(run: RunFolder, use: str, verdict: dict[str, Any] | None) -> UseCard:
    if verdict is None:
        return UseCard(
            use, _ASKS.get(use, ""), NOT_COMPUTED, "", [(NOT_COMPUTED, _why_missing(run, use))], []
        )
    reasons = []
    for text in verdict.get("reasons", ()):
        word = next(
            (name for name in (FAIL, WARN, NOT_COMPUTED, NO_POWER) if text.startswith(f"{name}: ")),
            NOT_COMPUTED,
        )
        reasons.append((word, text.removeprefix(f"{word}: ").replace("_", " ")))
    if not reasons:
        reasons = [(PASS, "every score of this use keeps its goal")]
    return UseCard(
        use,
        _ASKS.get(use, ""),
        str(verdict["verdict"]),
        tally(verdict),
        reasons[:SHOWN_REASONS],
        reasons[SHOWN_REASONS:],
        _by_verdict(verdict),
        _rests_on(verdict),
        untested(run, use),
    )


def _by_verdict(verdict: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Return each verdict with the tables that have it, the worst first; nothing of a single table."""
    tables = verdict.get("tables", ())
    if len(tables) < 2:
        return []
    words = sorted({table["verdict"] for table in tables}, key=WORST_FIRST.index)
    return [(word, [t["table"] or "all tables" for t in tables if t["verdict"] == word]) for word in words]


def _rests_on(verdict: Mapping[str, Any]) -> str:
    """Return n and the weakest score of the table that decides."""
    tables = verdict.get("tables", ())
    deciding = next((table for table in tables if table["verdict"] == verdict["verdict"]), None)
    if deciding is None:
        return ""
    words = [f"rests on n = {count(deciding['n'])}"] if deciding["n"] else []
    if deciding["weakest"]:
        words.append(f"weakest score: {deciding['weakest'].replace('_', ' ')}")
    return "; ".join(words)


def untested(run: RunFolder, use: str) -> str:
    """Return the metrics of a use that gave no answer on a table, in words; empty when all did."""
    found: dict[str, dict[str, None]] = {}
    scores = [score for score in scores_of(run) if score["use"] == use]
    for table, metric in dict.fromkeys((score["table"], score["metric"]) for score in scores):
        words = {s["verdict"] for s in scores if (s["table"], s["metric"]) == (table, metric)}
        if words <= {NOT_COMPUTED, NO_POWER}:
            word = NO_POWER if NO_POWER in words else NOT_COMPUTED
            found.setdefault(word, {})[metric.replace("_", " ")] = None
    return "; ".join(f"{word}: {', '.join(names)}" for word, names in found.items())


def _why_missing(run: RunFolder, use: str) -> str:
    if not scores_of(run):
        return why_unscored(run)
    world = _WORLD_OF.get(use, "")
    worlds = [name for name in WORLDS if name in world]
    if use == SHARE and not any(run.study.get(name) for name in worlds):
        return "no table of this run was learned from real rows, so none can repeat them"
    if worlds and not any(run.study.get(name) for name in worlds):
        return f"the study has no {world} part"
    return f"no metric of this use ran on the {world or 'tables of this run'} tables"


def headline(
    run: RunFolder, payments: Payments | None, books: dict[str, Credit], schemes: int | None
) -> Section:
    """Return the headline numbers of what the run holds."""
    cost = run.manifest.get("cost", {})
    rows = cost.get("rows", {})
    tiles = [
        Tile(
            "rows in all tables",
            count(rows.get("total", 0)),
            f"{plural(len(run.labels), 'scenario')}, {_worlds(rows)}",
        )
    ]
    data: dict[str, Any] = {"rows": rows}
    market = run.study.get("market")
    if market and rows.get("market"):
        paths, sessions = market["paths"], market["sessions"]
        tiles.append(Tile("price paths", count(paths), f"{count(sessions)} sessions each, in each scenario"))
        data |= {"paths": paths, "sessions": sessions}
    if payments is not None:
        share = payments.illicit / max(payments.rows, 1)
        tiles.append(
            Tile(
                "illicit share",
                percent(share, 2),
                f"{count(payments.illicit)} of {count(payments.rows)} rows, {run.base}",
            )
        )
        data |= {"transactions": payments.rows, "illicit": payments.illicit, "declined": payments.declined}
        if schemes is not None:
            tiles.append(Tile("injected schemes", count(schemes), f"illicit, decoys not counted, {run.base}"))
            data["schemes"] = schemes
    if run.base in books:
        tiles += _credit_tiles(run, books[run.base])
        data |= {
            "loans": int(books[run.base].loans.sum()),
            "risk": run.facts("credit", run.base).get("risk", {}),
        }
    seconds = cost.get("cpu_seconds_total")
    if seconds is not None:
        rate = cost.get("cpu_seconds_per_million")
        detail = f"{number(rate, 3)} s a million rows" if rate is not None else ""
        tiles.append(Tile("CPU time", f"{number(float(seconds), 3)} s", detail))
        data["cpu_seconds"] = seconds
    return Section("numbers", "In numbers", blocks=[Tiles(tiles)], data=data)


def _worlds(rows: dict[str, int]) -> str:
    parts = [f"{name} {count(rows[name])}" for name in WORLDS if rows.get(name)]
    return "; ".join(parts) or "no table"


def _credit_tiles(run: RunFolder, book: Credit) -> list[Tile]:
    risk = run.facts("credit", run.base).get("risk", {})
    tiles = [
        Tile(
            "loans",
            count(book.loans.sum()),
            f"{money(book.balance, book.currency)}; {percent(book.rate)} default in "
            f"{plural(len(book.months), 'month')}",
        )
    ]
    if "expected_loss" in risk:
        levels = levels_of({run.base: risk})
        tail = ""
        if levels:
            var, es = (risk[f"{kind}_{levels[-1]}"][0] / book.balance for kind in ("var", "es"))
            tail = f"; at {level(float(levels[-1]))} VaR {percent(var)}, ES {percent(es)}"
        share = risk["expected_loss"] / book.balance
        tiles.append(Tile("expected loss", percent(share), f"of the book in one year{tail}"))
    return tiles

"""One section for each world: figures and tables, or a line that says why there are none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from finsim.randomness import Streams
from finsim.report.border import drawn_or_said
from finsim.report.figures import comparison_figures as likeness_figures
from finsim.report.figures import credit_figures, market_figures, payment_figures
from finsim.report.figures.allowance_table import allowance_table, provision_table
from finsim.report.figures.capital_figure import capital_figure, capital_paths, capital_table
from finsim.report.figures.credit_data import Credit, read_credit
from finsim.report.figures.market_data import moment, read_market
from finsim.report.figures.payment_data import Payments, choose_scheme, read_payments
from finsim.report.figures.scheme_figures import kinds_of, scheme_figure
from finsim.report.number_text import count, money, percent, plural, spoken
from finsim.report.page_elements import Bullets, Cell, Section, Table
from finsim.report.run_folder import RunFolder


def market_section(run: RunFolder) -> Section:
    """Return the market figures of a run."""
    title = "Markets"
    market = read_market(run)
    if market is None:
        return Section("markets", title, absent=[run.why_absent("market", "bars")])
    over_time = drawn_or_said(
        "The correlation over time", lambda: market_figures.correlation_over_time(run, market)
    )
    blocks: list[object] = [
        drawn_or_said("The fan of price paths", lambda: market_figures.fans(run, market)),
        over_time or "One asset has no correlation with others, so none is drawn.",
        drawn_or_said("The memory of returns", lambda: likeness_figures.memory(market, _streams(run))),
        drawn_or_said("The tails of returns", lambda: likeness_figures.tails(market)),
        drawn_or_said("The dependence between columns", lambda: likeness_figures.dependence(market)),
    ]
    dates = market.base.dates
    lead = (
        f"{plural(market.paths, 'joint path')} of {plural(len(market.base.assets), 'asset')} from "
        f"{moment(dates[0])} to {moment(dates[-1])}, {market.base.calendar.adjective} bars. The comparison "
        f"with real prices is made on {run.base}, which no scenario has moved."
    )
    found = [line for item in run.manifest.get("models", ()) for line in _remarks(item)]
    if found:
        blocks.insert(0, Bullets("What was found in the price file", found))
    return Section("markets", title, lead, blocks, data={"remarks": found})


def _remarks(model: Mapping[str, Any]) -> list[str]:
    notes = ((model.get("training") or {}).get("data") or {}).get("notes") or {}
    return [str(line) for line in notes.get("remarks", ())]


def _streams(run: RunFolder) -> Streams:
    """Return the streams of the page: the real series' resamples are all that is drawn at random here."""
    return Streams(int(run.study.get("seed", 0))).under("report")


def read_all_payments(run: RunFolder) -> dict[str, Payments]:
    """Count the transactions of every scenario; the base also keeps the rows of its stories."""
    found = {}
    for label in (run.base, *run.stressed):
        payments = read_payments(run, label, full=label == run.base)
        if payments is not None:
            found[label] = payments
    return found


def scheme_count(run: RunFolder) -> int | None:
    """Return the number of illicit schemes of the base; None without the pattern table."""
    if not run.has("transactions", "patterns"):
        return None
    decoy = run.table("transactions", run.base, "patterns", ["decoy"])["decoy"]
    return len(decoy) - int(pc.sum(decoy).as_py() or 0)


def payment_section(run: RunFolder, found: Mapping[str, Payments]) -> Section:
    """Return the transaction figures of a run."""
    title = "Transactions"
    if run.base not in found:
        return Section("transactions", title, absent=[run.why_absent("transactions", "transactions")])
    base = found[run.base]
    currency = str((run.study.get("transactions") or {}).get("currency", ""))
    blocks: list[object] = []
    if run.has("transactions", "patterns"):
        patterns = run.table("transactions", run.base, "patterns")
        blocks += _stories(run, base, patterns, currency)
    else:
        blocks.append("patterns.parquet is not in the run folder, so no scheme is drawn.")
    blocks.append(drawn_or_said("The hours of the day", lambda: payment_figures.hours(base)))
    wave = drawn_or_said("The illicit rows over time", lambda: payment_figures.waves(run, found))
    if wave is not None:
        blocks.append(wave)
    elif len(found) > 1:
        blocks.append("No scenario of this run changes the number of illicit rows.")
    days = base.days.shape[1]
    lead = (
        f"{count(base.rows)} rows over {plural(days, 'day')} from {base.first_day} under {run.base}; "
        f"{percent(base.declined / max(base.rows, 1), 2)} were declined, "
        f"{percent(base.illicit / max(base.rows, 1), 2)} are labelled fraud or laundering.{_parties(run)}"
    )
    return Section("transactions", title, lead, blocks)


def _parties(run: RunFolder) -> str:
    """Return how many customers and shops the base has, "" where ordinary life is learned."""
    if not (run.has("transactions", "customers") and run.has("transactions", "merchants")):
        return ""
    firms = pc.sum(
        pc.equal(run.table("transactions", run.base, "customers", ["kind"])["kind"], "firm")
    ).as_py()
    sizes = {
        name: run.table("transactions", run.base, name, [key]).num_rows
        for name, key in (("customers", "customer_id"), ("merchants", "merchant_id"))
    }
    return (
        f" Customers: {count(sizes['customers'] - firms)} persons and {plural(firms, 'firm')}; they buy from "
        f"{plural(sizes['merchants'], 'shop')}."
    )


def _stories(run: RunFolder, base: Payments, patterns: pa.Table, currency: str) -> list[object]:
    blocks: list[object] = []
    scheme = choose_scheme(base, patterns)
    if scheme is None:
        blocks.append("The run holds no illicit scheme with three or more payments, so none is drawn.")
    else:
        wanted = set(scheme.rows["from_account"].to_pylist()) | set(scheme.rows["to_account"].to_pylist())
        accounts = run.table("transactions", run.base, "accounts", ["account_id", "kind"])
        blocks.append(
            drawn_or_said("The scheme", lambda: scheme_figure(scheme, kinds_of(accounts, wanted), currency))
        )
    if base.schemes is not None and base.schemes.num_rows:
        blocks.append(drawn_or_said("The amounts", lambda: payment_figures.amounts(base, patterns, currency)))
    if patterns.num_rows:
        blocks.append(_typologies(patterns, currency))
    return blocks


def _typologies(patterns: pa.Table, currency: str) -> Table:
    """Return a table of the stories: schemes, rows, money, how they ended."""
    frame = patterns.select(
        [
            "narrative",
            "typology",
            "decoy",
            "posted_rows",
            "declined_rows",
            "amount",
            "start",
            "end",
            "stopped_by",
        ]
    ).to_pandas()
    frame = frame.astype({"narrative": str, "typology": str, "stopped_by": str})
    rows: list[list[Cell | str]] = []
    data = []
    for (decoy, name, typology), own in frame.groupby(["decoy", "narrative", "typology"]):
        hours = (own["end"] - own["start"]).dt.total_seconds().median() / 3600
        ends = own["stopped_by"].astype(str).value_counts().sort_index()
        rows.append([
            spoken(str(name)), spoken(str(typology)), Cell("decoy, benign") if decoy else Cell("illicit"),
            count(len(own)), count(own["posted_rows"].sum()), count(own["declined_rows"].sum()),
            money(float(own["amount"].sum()), currency), _duration(hours),
            ", ".join(f"{spoken(word)} {size}" for word, size in ends.items()),
        ])  # fmt: skip
        data.append(
            {
                "narrative": str(name), "typology": str(typology), "decoy": bool(decoy), "schemes": len(own),
                "posted_rows": int(own["posted_rows"].sum()),
                "declined_rows": int(own["declined_rows"].sum()),
                "amount": int(own["amount"].sum()), "median_hours": float(hours),
                "ended": {str(word): int(size) for word, size in ends.items()},
            }
        )  # fmt: skip
    head = (
        "story",
        "typology",
        "label",
        "schemes",
        "posted rows",
        "declined",
        "money moved",
        "median length",
        "ended by",
    )
    return Table("stories", "The injected stories", head, rows, "lllrrrrrl", data)


def _duration(hours: float) -> str:
    return f"{hours:.1f} h" if hours < 72 else f"{hours / 24:.1f} days"


def read_books(run: RunFolder) -> dict[str, Credit]:
    """Read the loan book under every scenario."""
    books = {label: read_credit(run, label) for label in (run.base, *run.stressed)}
    return {label: book for label, book in books.items() if book is not None}


def credit_section(run: RunFolder, books: Mapping[str, Credit]) -> Section:
    """Return the credit figures of a run."""
    title = "Credit"
    if run.base not in books:
        return Section("credit", title, absent=[run.why_absent("credit", "loans")])
    base = books[run.base]
    shown = credit_figures.moved(books, run.base)
    blocks: list[object] = [
        drawn_or_said("The defaults by month", lambda: credit_figures.clustering(run, shown)),
        drawn_or_said("The losses", lambda: credit_figures.loss_figure(run, shown)),
    ]
    table = credit_figures.loss_table(run, shown)
    if table is not None:
        blocks.append(table)
    blocks += [one for one in (allowance_table(run, books), provision_table(run, books)) if one is not None]
    paths = capital_paths(run, books)
    if paths:
        blocks.append(drawn_or_said("The capital", lambda: capital_figure(run, paths)))
        blocks.append(capital_table(paths, books))
    lead = (
        f"{count(base.loans.sum())} loans of {money(base.balance, base.currency)} in "
        f"{plural(len(base.sectors), 'sector')}, followed for {plural(len(base.months), 'month')}."
    )
    return Section("credit", title, lead, blocks)

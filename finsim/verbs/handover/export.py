"""``export``: hand a run, simulated payments or bars over in the format of another tool."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from finsim.call_errors import public
from finsim.engine.finished_run import Run
from finsim.errors import Problem, StudyError, did_you_mean
from finsim.exports import EXPORTS
from finsim.exports.export_catalog import BOOKS, DOCUMENT, PAYMENTS
from finsim.exports.export_folder import refuse, texts_into, write
from finsim.exports.run_facts import Prices, RunFacts
from finsim.provenance.audit_log import read_log
from finsim.provenance.seal import seal_of
from finsim.verbs.calling.argument_checks import Arguments, as_day
from finsim.verbs.handover.handed_source import Handed, Wanted, handed, refuse_changed, scorecard_of

__all__ = ["Exported", "export"]


@dataclass(frozen=True, repr=False)
class Exported:
    """What an export wrote: its format, its folder and its files."""

    format: str
    folder: Path
    files: tuple[Path, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "format": self.format,
            "folder": str(self.folder),
            "files": [str(file) for file in self.files],
        }

    def to_text(self) -> str:
        """Return one line a file."""
        return "\n".join(f"{self.format}: {file}" for file in self.files)

    def __repr__(self) -> str:
        """Return the lines."""
        return self.to_text()


@public
def export(
    run: str | Path | Run,
    format: str | None = None,
    *,
    output: str | Path | None = None,
    scenario: str | None = None,
    path: int | None = None,
    from_date: date | str | None = None,
    as_of: date | str | None = None,
    bank: int | None = None,
    prevalence: float | None = None,
    instance: int | None = None,
    record_price: float | None = None,
    cpu_price: float | None = None,
    currency: str | None = None,
) -> Exported:
    """Write a run, or its payments or bars, in the format of another tool into a folder of its own.

    On the command line ``format`` is ``--as``, a word that Python keeps for itself. An option that cannot
    act on a format is refused.

    Args:
        run: a Run or its folder; for payments also the folder of ``simulate``, for bars also a file of
            bars, for a book the folder of ``simulate_book``.
        format: a name of ``finsim.names("exports")``, such as ``prov``, ``amlworld`` or ``vectorbt``.
        output: folder to write to, outside the run; several formats of one run may share it.
        scenario: which scenario's rows; the first of the run when left out.
        path: of bars: number of the path; the first, or all where the format holds several, when left out.
        from_date: of bars: the first day that the path is laid on; its own days when left out.
        as_of: of payments: only rows up to the end of this day, UTC, with the labels that the banks had
            by then, and alerts and claims as they stood.
        bank: of payments: only what this bank sees: rows of its accounts, and of other banks' accounts
            nothing but their number.
        prevalence: of payments: share of rows with the format's label; the world's own when left out.
        instance: of graphs of payments: only the rows of this scheme.
        record_price: what one real record would cost, for the break-even of the model card.
        cpu_price: what one CPU hour costs, for the money of the model card.
        currency: currency of the prices, such as EUR; shown, never converted.

    Returns:
        Exported: the folder and its files.

    Raises:
        StudyError: for an unknown format, an option that cannot act on it, a folder that holds anything
            else, a scenario, path, bank or scheme that is not there.
        ProvenanceError: for a run of which a table, the scorecard, the manifest or the log was changed.

    Example:
        >>> import finsim
        >>> world = finsim.simulate(accounts=300, days=5, output="world", progress=False)
        >>> done = finsim.export("world", "amlworld", output="handover")
        >>> [file.name for file in done.files][-1]
        'amlworld_labels.csv'

    """
    options = {
        "scenario": scenario, "path": path, "from_date": from_date, "as_of": as_of, "bank": bank,
        "prevalence": prevalence, "instance": instance, "record_price": record_price,
        "cpu_price": cpu_price, "currency": currency,
    }  # fmt: skip
    _check(run, format, output, options)
    name, folder = str(format), Path(str(output))
    source = handed(run)
    refuse(folder, source.place, source.digest, name)
    if source.run is not None:
        refuse_changed(source.place, source.manifest)
    wanted = Wanted(scenario, path, as_day(from_date), as_day(as_of), bank, prevalence, instance)
    prices = Prices(record_price, cpu_price, currency or "")
    files = write(folder, source.digest, name, _filler(name, source, wanted, (folder, prices)))
    return Exported(name, folder, tuple(folder / file.relative_to(folder.resolve()) for file in files))


def _check(run: Any, format: Any, output: Any, options: Mapping[str, Any]) -> None:
    """Raise StudyError for wrong arguments, an unknown format, and options that cannot act on it."""
    known = ", ".join(EXPORTS)
    wrong = Arguments("export").kinds(
        "run", run, (str, Path, Run), "a Run, its folder, or a file of bars", "write 'runs/mine'"
    )
    wrong.kinds("format", format, (str,), f"one of {known}", "write format='prov'")
    wrong.kinds("output", output, (str, Path), "a folder outside the run", "write output='handover'")
    wrong.kinds("currency", options["currency"], (str, type(None)), "a currency as text",
                "write currency='EUR'")  # fmt: skip
    wrong.kinds("scenario", options["scenario"], (str, type(None)), "a scenario by name",
                "write scenario='base'")  # fmt: skip
    numbers = ("path", "bank", "prevalence", "instance", "record_price", "cpu_price")
    wrong.numbers({name: options[name] for name in numbers}, *numbers)
    wrong.day("from_date", options["from_date"]).day("as_of", options["as_of"]).settle()
    if format not in EXPORTS:
        raise StudyError(
            f"no export is called {format!r}",
            place="export: format",
            expected=known,
            remedy=did_you_mean(format, list(EXPORTS)),
        )
    acting = EXPORTS.options(format)
    idle = [
        Problem(
            f"export: {name}", f"cannot act on {format}", f"one of {', '.join(EXPORTS.acted_on_by(name))}",
            f"leave {name} out",
        )
        for name, value in options.items()
        if value is not None and name not in acting
    ]  # fmt: skip
    if idle:
        raise StudyError.of(idle)


def _filler(
    name: str, source: Handed, wanted: Wanted, told: tuple[Path, Prices]
) -> Callable[[Path], Sequence[str] | None]:
    """Return what writes the files of an export into an empty folder; options are checked before."""
    made_of, item = EXPORTS.made_of(name), EXPORTS.load(name, "export: format")
    if made_of == DOCUMENT:
        return texts_into(item(_facts(source, *told)))
    if made_of == BOOKS:
        book = source.book()
        return lambda folder: item.write(book, folder.absolute())
    rows = source.payments(wanted, item) if made_of == PAYMENTS else source.bars(wanted)
    return lambda folder: item.write(rows, folder.absolute())


def _facts(source: Handed, folder: Path, prices: Prices) -> RunFacts:
    if source.run is None:
        raise StudyError(
            "not a finished run", place=str(source.place), expected="the folder of `finsim run`",
            remedy="give a run: documents tell of its manifest",
        )  # fmt: skip
    log = read_log(source.place / "audit.log")
    return RunFacts(
        source.place.resolve(),
        source.manifest,
        scorecard_of(source.place, source.manifest),
        log[0].ts if log else "",
        folder.resolve(),
        prices,
        seal.hash if (seal := seal_of(log)) is not None else "",
    )

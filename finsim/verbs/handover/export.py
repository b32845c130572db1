"""``export``: hand a finished run over in the format of another tool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finsim.engine.finished_run import Run, open_run
from finsim.errors import Problem, ProvenanceError, StudyError, did_you_mean
from finsim.evaluation.scorecard import Scorecard
from finsim.exports import EXPORTS
from finsim.exports.export_folder import refuse, write
from finsim.exports.run_facts import Prices, RunFacts
from finsim.provenance.audit_log import read_log
from finsim.provenance.manifest import read_manifest
from finsim.provenance.outputs import change_in
from finsim.provenance.seal import seal_of
from finsim.records.storage import digest_file
from finsim.verbs.calling.argument_checks import Arguments

__all__ = ["Exported", "export"]

SCORECARD = "scorecard.json"
REMEDY = "`finsim verify RUN` lists all that was changed"


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


def export(
    run: str | Path | Run,
    format: str | None = None,
    *,
    output: str | Path | None = None,
    record_price: float | None = None,
    cpu_price: float | None = None,
    currency: str | None = None,
) -> Exported:
    """Write a finished run in the format of another tool into a folder of its own.

    On the command line ``format`` is ``--as``, a word that Python keeps for itself.

    Args:
        run: a Run or its folder.
        format: a name of ``finsim.names("exports")``, such as ``prov`` or ``model-card``.
        output: folder to write to, outside the run; several formats of one run may share it.
        record_price: what one real record would cost, for the break-even of the model card.
        cpu_price: what one CPU hour costs, for the money of the model card.
        currency: currency of the prices, such as EUR; shown, never converted.

    Returns:
        Exported: the folder and its files.

    Raises:
        StudyError: for an unknown format, a folder that holds anything else, wrong prices.
        ProvenanceError: for a run of which a table, the scorecard, the manifest or the log was changed.

    Example:
        >>> import finsim
        >>> study = finsim.study(credit={"data": "german_credit", "loans": 200, "months": 12, "draws": 5000})
        >>> run = finsim.run(study, output=folder / "handed", progress=False)
        >>> finsim.export(run, "prov", output=folder / "handover").files[0].name
        'prov.json'

    """
    known = ", ".join(EXPORTS)
    wrong = Arguments("export").kinds(
        "run", run, (str, Path, Run), "a Run or its folder", "write 'runs/mine'"
    )
    wrong.kinds("format", format, (str,), f"one of {known}", "write format='prov'")
    wrong.kinds("output", output, (str, Path), "a folder outside the run", "write output='handover'")
    wrong.kinds("currency", currency, (str, type(None)), "a currency as text", "write currency='EUR'")
    wrong.numbers(
        {"record_price": record_price, "cpu_price": cpu_price}, "record_price", "cpu_price"
    ).settle()
    name, folder = str(format), Path(str(output))
    if name not in EXPORTS:
        raise StudyError(
            f"no export is called {name!r}",
            place="export: format",
            expected=known,
            remedy=did_you_mean(name, list(EXPORTS)),
        )
    opened = run if isinstance(run, Run) else open_run(run)
    manifest = read_manifest(opened.path).to_dict()
    refuse(folder, opened.path, manifest["sha256"], name)
    _refuse_changed(opened.path, manifest)
    log = read_log(opened.path / "audit.log")
    prices = Prices(record_price, cpu_price, currency or "")
    facts = RunFacts(
        opened.path.resolve(),
        manifest,
        _scorecard(opened.path, manifest),
        log[0].ts if log else "",
        folder.resolve(),
        prices,
        seal.hash if (seal := seal_of(log)) is not None else "",
    )
    files = write(folder, manifest["sha256"], name, EXPORTS.load(name)(facts))
    return Exported(name, folder, tuple(folder / file.name for file in files))


def _refuse_changed(run: Path, manifest: Mapping[str, Any]) -> None:
    """Raise ProvenanceError where a table or the scorecard is not the one that the manifest names."""
    changes = {item["path"]: change_in(run / item["path"], item) for item in manifest["outputs"]}
    for item in manifest["files"]:
        file = run / item["path"]
        if item["path"] == SCORECARD and (not file.is_file() or digest_file(file) != item["sha256"]):
            changes[item["path"]] = "the file is missing or was changed"
    found = [Problem(f"{run}/{path}", change, "", REMEDY) for path, change in changes.items() if change]
    if found:
        raise ProvenanceError.of(found)


def _scorecard(run: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the scorecard of a run, empty when its manifest names none."""
    if not any(item["path"] == SCORECARD for item in manifest["files"]):
        return {}
    return Scorecard.read(run / SCORECARD).to_dict()

"""``verify``: compare every part of a run with its record, and two runs with each other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finsim.call_errors import public
from finsim.engine.finished_run import Run
from finsim.errors import StudyError
from finsim.evaluation.scorecard import Scorecard
from finsim.extras import PACKAGE_OF, missing, needs, pip_line
from finsim.provenance.compare_tables import Comparison
from finsim.provenance.signing.keys import VerifyKey, outside, read_verify_key
from finsim.provenance.verify import Again, Verification, compare_runs, verify_run
from finsim.verbs.calling.argument_checks import Arguments
from finsim.verbs.calling.local_places import remote_url
from finsim.verbs.handover.open_run import opened

__all__ = ["Verified", "verify"]


@dataclass(frozen=True, repr=False)
class Verified:
    """What was found of a run, and of another one and their tables where two were given."""

    run: Verification
    other: Verification | None = None
    tables: Comparison | None = None

    @property
    def ok(self) -> bool:
        """Whether all files are what the manifests say, and both runs hold the same tables."""
        fine = self.run.ok and (self.other is None or self.other.ok)
        return fine and (self.tables is None or self.tables.identical)

    @property
    def problems(self) -> list[str]:
        """Everything that does not agree, one line each."""
        checked = [self.run, *([self.other] if self.other is not None else [])]
        found = [f"{one.run}: {finding}" for one in checked for finding in one.findings]
        differ = self.tables is not None and not self.tables.identical
        return [*found, *(["the two runs hold different tables"] if differ else [])]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        facts: dict[str, Any] = {"verify": self.run.to_dict()}
        facts |= {"verify_against": self.other.to_dict()} if self.other is not None else {}
        facts |= {"compare": self.tables.to_dict()} if self.tables is not None else {}
        return facts

    def __repr__(self) -> str:
        """Return the findings."""
        return self.to_text()

    def to_text(self) -> str:
        """Return the findings as the command line prints them."""
        parts = (self.run, self.other, self.tables)
        return "\n".join(part.to_text() for part in parts if part is not None)


@public
def verify(
    run: str | Path | Run,
    *,
    against: str | Path | Run | None = None,
    key: str | Path | None = None,
    head: str | None = None,
) -> Verified:
    """Check that a run is what its record says, and compare it with another run.

    Files are compared with manifest and log, the log with its seal, the page and the verdicts with what is
    drawn and derived from the run here, inputs with what the run read where they are still present.

    Args:
        run: a Run, its folder, or its URL in an object store; what lies there now is fetched and checked.
        against: another run; both are checked, and where they agree compared table by table.
        key: file of the public key (PEM) of whoever signed the run, kept outside it.
        head: a hash of the log that was kept elsewhere, as ``run`` and ``verify`` print it.

    Returns:
        Verified; ``ok`` says whether everything agrees.

    Raises:
        ProvenanceError: when there is no finished run, or a key that cannot be read or lies inside the run.
        StudyError: for a head that is no sha256.

    Example:
        >>> import finsim
        >>> run = finsim.open_run("runs/mine")
        >>> kept = finsim.verify(run).run.head
        >>> finsim.verify(run, head=kept).ok
        True

    """
    wrong = Arguments("verify").kinds(
        "run", run, (str, Path, Run), "a Run or its folder", "write 'runs/mine'"
    )
    wrong.kinds("against", against, (str, Path, Run, type(None)), "a Run or its folder", "write 'runs/b'")
    wrong.kinds("key", key, (str, Path, type(None)), "the file of a public key", "write 'keys/mine.pem.pub'")
    wrong.kinds("head", head, (str, type(None)), "the hash of a log entry", "write its 64 hexadecimal digits")
    wrong.settle()
    kept = "" if head is None else _hash(head)
    place = _folder(run, "verify: run")
    owner = None if key is None else _owner(place, Path(key))
    checked = verify_run(place, head=kept, key=owner, again=again())
    if against is None:
        return Verified(checked)
    other = _folder(against, "verify: against")
    beside = verify_run(other, again=again())
    # Tables that are not what their record says, or links in their place, are not worth a comparison.
    tables = compare_runs(place, other) if checked.ok and beside.ok else None
    return Verified(checked, beside, tables)


def _folder(run: str | Path | Run, where: str) -> Path:
    """Return the folder of a run; one behind a URL is fetched, so that what lies there now is checked."""
    if not isinstance(run, Run):
        return opened(run, where, whole=True).path if remote_url(run) else Path(run)
    return opened(run.url, where, whole=True).path if run.url else run.path


def again() -> Again:
    """Return how page and verdicts of a run are made again here."""
    absent = missing("report")
    if absent:
        why = f"needs {', '.join(PACKAGE_OF.get(name, name) for name in absent)}: {pip_line(('report',))}"
        return Again(None, _verdicts, why)
    from finsim.report.page import page_text

    return Again(page_text, _verdicts)


def _verdicts(card: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = Scorecard.from_dict(card).to_dict()["verdicts"]
    return found


def _owner(run: Path, key: Path) -> VerifyKey:
    needs(("sign",), "finsim verify --key")
    return read_verify_key(outside(run, key))


def _hash(text: str) -> str:
    """Return a hash as the log writes it. Raises StudyError for what is none."""
    found = text.strip().lower().removeprefix("sha256:")
    if not re.fullmatch("[0-9a-f]{64}", found):
        raise StudyError(
            f"{text!r:.80} is no sha256",
            place="verify: head",
            expected="64 hexadecimal digits",
            remedy="give the head that `finsim run` or `finsim verify` printed, whole",
        )
    return found

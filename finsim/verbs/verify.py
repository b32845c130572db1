"""``verify``: recompute every hash of a run, and compare two runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finsim.engine.finished_run import Run
from finsim.provenance.compare_tables import Comparison
from finsim.provenance.verify import Verification, compare_runs, verify_run
from finsim.verbs.calling.argument_checks import Arguments

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

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        facts: dict[str, Any] = {"verify": self.run.to_dict()}
        if self.other is not None and self.tables is not None:
            facts |= {"verify_against": self.other.to_dict(), "compare": self.tables.to_dict()}
        return facts

    def __repr__(self) -> str:
        """Return the findings."""
        return self.to_text()

    def to_text(self) -> str:
        """Return the findings as the command line prints them."""
        parts = (self.run, self.other, self.tables)
        return "\n".join(part.to_text() for part in parts if part is not None)


def verify(run: str | Path | Run, *, against: str | Path | Run | None = None) -> Verified:
    """Check that a run's files are what its manifest says, and compare it with another run.

    Args:
        run: a Run or its folder.
        against: another run, compared table by table.

    Returns:
        Verified; ``ok`` says whether everything agrees.

    Raises:
        ProvenanceError: when there is no readable manifest.

    Example:
        >>> import finsim
        >>> study = finsim.study(credit={"data": "german_credit", "loans": 200, "months": 12, "draws": 5000})
        >>> run = finsim.run(study, output=folder / "verified", progress=False)
        >>> finsim.verify(run).ok
        True

    """
    wrong = Arguments("verify").kinds(
        "run", run, (str, Path, Run), "a Run or its folder", "write 'runs/mine'"
    )
    wrong.kinds("against", against, (str, Path, Run, type(None)), "a Run or its folder", "write 'runs/b'")
    wrong.settle()
    place = run.path if isinstance(run, Run) else Path(run)
    checked = verify_run(place)
    if against is None:
        return Verified(checked)
    other = against.path if isinstance(against, Run) else Path(against)
    return Verified(checked, verify_run(other), compare_runs(place, other))

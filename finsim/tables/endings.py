"""The endings of table files: what each holds, and which of them finsim writes. The only list of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from finsim.errors import StudyError, did_you_mean

PARQUET, TEXT, ARROW, DUCKDB = "parquet", "text", "arrow", "duckdb"


@dataclass(frozen=True)
class Ending:
    """What a file of this ending holds: its form, how it is packed, and whether finsim writes it.

    ``packing`` is what pyarrow calls the compression of a text, empty where there is none; ``sep`` what
    stands between the cells of a text that is written under this name, whatever else does in the data.
    """

    form: str
    packing: str = ""
    is_written: bool = False
    sep: str = ""


PACKINGS: Mapping[str, str] = {".gz": "gzip", ".zst": "zstd"}
_TEXTS = (".csv", ".tsv", ".txt", ".tab", ".dat", ".psv")
_WRITTEN_TEXTS = {".csv": "", ".tsv": "\t"}

ENDINGS: Mapping[str, Ending] = {
    ".parquet": Ending(PARQUET, is_written=True),
    ".pq": Ending(PARQUET),
    **{
        text + suffix: Ending(TEXT, packing, text in _WRITTEN_TEXTS, _WRITTEN_TEXTS.get(text, ""))
        for text in _TEXTS
        for suffix, packing in {"": "", **PACKINGS}.items()
    },
    ".arrow": Ending(ARROW, is_written=True),
    ".arrows": Ending(ARROW),
    ".feather": Ending(ARROW),
    ".duckdb": Ending(DUCKDB, is_written=True),
}
WRITTEN = tuple(ending for ending, facts in ENDINGS.items() if facts.is_written)


def ending_of(path: str | Path) -> str:
    """Return the known ending of a file name in lower case, the longest one; empty where there is none.

    Example:
        >>> ending_of("Paths.CSV.gz"), ending_of("notes.md")
        ('.csv.gz', '')

    """
    name = Path(path).name.lower()
    fitting = [ending for ending in ENDINGS if name.endswith(ending) and len(name) > len(ending)]
    return max(fitting, key=len, default="")


def form_by_name(path: str | Path) -> str:
    """Return what a file holds by its name: ``parquet``, ``text``, ``arrow`` or ``duckdb``, else nothing."""
    ending = ending_of(path)
    return ENDINGS[ending].form if ending else ""


def known_ending(path: str | Path, *, from_text: bool = False) -> str:
    """Return the ending by which a table will be written to ``path``, such as ``.csv.gz``.

    With ``from_text`` the table comes from a text file and keeps its dialect, so that every ending of texts
    will do. Call it before work begins: it writes nothing. Raises StudyError for an ending that is not
    written.

    Example:
        >>> known_ending("paths.csv.gz")
        '.csv.gz'

    """
    ending = ending_of(path)
    if ending in WRITTEN or (from_text and form_by_name(path) == TEXT):
        return ending
    shown = ending or _last_suffixes(Path(path))
    raise StudyError(
        f"a file that ends in {shown!r}" if shown else "a file name without an ending",
        place=str(path),
        expected=f"one of {', '.join(WRITTEN)}",
        remedy=_remedy(Path(path), shown),
    )


def _last_suffixes(path: Path) -> str:
    """Return the ending of an unknown file as a person reads it: ``.csv.xz`` is one."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if len(suffixes) > 1 and suffixes[-2] in ENDINGS:
        return "".join(suffixes[-2:])
    return suffixes[-1] if suffixes else ""


def _remedy(path: Path, shown: str) -> str:
    """Return what to write instead: what is closest by form, or by its letters."""
    if shown in ENDINGS:
        form, packing = ENDINGS[shown].form, ENDINGS[shown].packing
        near = next(one for one in WRITTEN if ENDINGS[one].form == form and ENDINGS[one].packing == packing)
        return f"did you mean {near!r}?"
    hint = did_you_mean(shown, WRITTEN) if shown else ""
    stem = path.name.removesuffix("".join(path.suffixes[-1:])) or "table"
    return hint if hint.startswith("did you mean") else f"such as {stem}.csv or {stem}.parquet"

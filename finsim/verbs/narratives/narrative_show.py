"""``narrative_show``: one scheme of a story as rows, time line and picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow.compute as pc

from finsim.call_errors import public
from finsim.engine.narratives.story_preview import StoryPreview, preview, write_rows
from finsim.errors import StudyError
from finsim.verbs.calling.argument_checks import Arguments

__all__ = ["PICTURE", "narrative_show"]

PICTURE = "scheme.png"


@public
def narrative_show(narrative: str | Path, *, seed: int = 0, output: str | Path | None = None) -> StoryPreview:
    """Show one scheme of a story: planned, posted, declined and dropped by phase, time line and rows.

    Args:
        narrative: a narrative file, or a shipped name.
        seed: root seed; another seed shows another scheme.
        output: also write ``rows.csv`` and the picture ``scheme.png`` into this new folder.

    Returns:
        StoryPreview: its repr is what the command line prints, ``rows`` a DataFrame in minor units.

    Raises:
        NarrativeError: for a wrong file, with all its problems. StudyError: for wrong arguments, an output
            that exists, and a role that nobody fits.

    Example:
        >>> import finsim
        >>> scheme = finsim.narrative_show("account_takeover", seed=3)
        >>> len(scheme.rows) > 0
        True

    """
    wrong = Arguments("narrative_show").kinds(
        "narrative", narrative, (str, Path), "a narrative by name or file", "write 'account_takeover'"
    )
    wrong.numbers({"seed": seed}).files({"output": output}).settle()
    folder = None if output is None else Path(output)
    if folder is not None and folder.exists():
        raise StudyError("the output exists", place=str(folder), remedy="choose another folder with -o")
    shown = preview(str(narrative), seed=seed)
    return shown if folder is None else _written(shown, folder)


def _written(shown: StoryPreview, folder: Path) -> StoryPreview:
    """Write rows and picture; what cannot be drawn becomes a remark."""
    from finsim.report.border import drawn_or_said
    from finsim.report.figures.scheme_figures import kinds_of
    from finsim.report.figures.scheme_picture import write_scheme_picture

    shown = write_rows(shown, folder)
    world = shown.world
    rows = world.rows.filter(pc.greater_equal(world.rows["instance"], 0))
    if not rows.num_rows:
        return shown
    wanted = {*rows["from_account"].to_pylist(), *rows["to_account"].to_pylist()}
    title = f"{shown.story.id}, one scheme of seed {shown.seed}"

    def draw() -> None:
        write_scheme_picture(rows, kinds_of(world.accounts, wanted), title, folder / PICTURE)

    said = drawn_or_said("The picture", draw)
    return shown if said is None else replace(shown, remarks=(*shown.remarks, str(said)))

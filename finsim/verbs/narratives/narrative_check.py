"""``narrative_check``: what there is to say of a story before it goes into a study."""

from __future__ import annotations

from pathlib import Path

from finsim.call_errors import public
from finsim.engine.narratives.story_check import StoryCheck, check_story
from finsim.verbs.calling.argument_checks import Arguments

__all__ = ["narrative_check"]


@public
def narrative_check(narrative: str | Path, *, accounts: int = 2_000, seed: int = 0) -> StoryCheck:
    """Check a story: what cannot act is refused; remarks, counts by phase, and what gives its rows away.

    The story is played forty times in sixty days of a small world. Its rows are told from ordinary ones by
    the best column and the best pair of columns that a bank sees.

    Args:
        narrative: a narrative file, or a shipped name.
        accounts: accounts of the small world; raise it for a story with many members.
        seed: root seed.

    Returns:
        StoryCheck: its repr is what the command line prints, ``to_dict`` the same as data.

    Raises:
        NarrativeError: for a wrong file, with all its problems. StudyError: for wrong arguments, and a role
            that cannot be filled in a world of so many accounts.

    Example:
        >>> import finsim
        >>> finsim.narrative_check("account_takeover", accounts=800).remarks
        ()

    """
    wrong = Arguments("narrative_check").kinds(
        "narrative", narrative, (str, Path), "a narrative by name or file", "write 'account_takeover'"
    )
    wrong.numbers({"accounts": accounts, "seed": seed}).settle()
    return check_story(str(narrative), accounts=accounts, seed=seed)

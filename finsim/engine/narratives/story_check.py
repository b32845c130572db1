"""``StoryCheck``: everything that is to be said of a story before it goes into a study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from finsim.agents.narratives.narrative import Narrative
from finsim.engine.answers.text_table import aligned
from finsim.engine.answers.world_answer import phase_lines
from finsim.engine.narratives.story_giveaways import ALIKE, giveaways
from finsim.engine.narratives.story_world import story_world
from finsim.evaluation.added_rows.separation import GOAL, Separation
from finsim.randomness import Streams
from finsim.records.phase_counts import PhaseCount

DAYS, SCHEMES = 60, 40


@dataclass(frozen=True)
class StoryCheck:
    """A story that can be played: its counts by phase, what the planner remarks, and what gives it away."""

    story: Narrative
    accounts: int
    days: int
    schemes: int
    made: int
    rows: int
    phases: tuple[PhaseCount, ...]
    remarks: tuple[str, ...]
    given_away: tuple[Separation, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """What gives the story away among ordinary payments of the same mix of account kinds, in words."""
        found = []
        for one in self.given_away:
            if one.narrative != ALIKE:
                continue
            for name, area in one.findings:
                what = "column" if name == one.column else "columns"
                found.append(f"{what} {name} gives its rows away: AUC {area:.3f}, above the goal of {GOAL:g}")
        return tuple(found)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "narrative": self.story.id,
            "decoy": self.story.decoy,
            "accounts": self.accounts,
            "days": self.days,
            "schemes": self.schemes,
            "made": self.made,
            "rows": self.rows,
            "phases": [one.to_dict() for one in self.phases],
            "remarks": list(self.remarks),
            "given_away_by": [{"beside": one.narrative, **_plain(one)} for one in self.given_away],
            "problems": list(self.problems),
        }

    def to_text(self) -> str:
        """Return the same as lines, as the command line prints them."""
        lines = [
            f"{self.story.id}: {self.story.title}",
            f"fine to load; {self.made:,} of {self.schemes:,} schemes made {self.rows:,} rows "
            f"among {self.accounts:,} accounts in {self.days} days",
            *phase_lines([one.to_dict() for one in self.phases]),
            *(f"remark     {text}" for text in self.remarks),
            *([] if self.given_away else ["not judged: too few rows to say what gives them away"]),
        ]
        if self.given_away:
            head = ("told from", "best column", "AUC (chance)", "best pair", "AUC (chance)")
            told = [
                (one.narrative, one.column, f"{one.column_auc:.3f} ({one.column_chance:.3f})",
                 one.pair, f"{one.pair_auc:.3f} ({one.pair_chance:.3f})")
                for one in self.given_away
            ]  # fmt: skip
            lines += aligned([head, *told], numbers_from=9)
        lines += [f"giveaway   {text}" for text in self.problems]
        return "\n".join(lines)

    def __repr__(self) -> str:
        """Return the lines."""
        return self.to_text()


def _plain(one: Separation) -> dict[str, Any]:
    return {name: value for name, value in one.to_dict().items() if name != "narrative"}


def check_story(name: str, *, accounts: int, seed: int) -> StoryCheck:
    """Return what there is to say of a story, by shipped name or file.

    Raises NarrativeError for a wrong file with all its problems, and StudyError for a role that cannot be
    filled in a world of so many accounts.
    """
    made = story_world(name, accounts, DAYS, SCHEMES, seed)
    world = made.world
    labels = made.story.labels
    told = giveaways(world, bool(labels.fraud or labels.laundering), Streams(seed).under("giveaways"))
    rows = sum(world.patterns["rows"].to_pylist())
    return StoryCheck(
        made.story, accounts, DAYS, SCHEMES, world.patterns.num_rows, rows, world.phases, world.remarks, told
    )

"""The market of a study: the real prices to learn from, what learns from them, the paths to sample."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from finsim.document_numbers import Count, Length, Meaning, Number, Share
from finsim.generators import BARS_DEFAULT, GENERATORS

MOST_PATHS, MOST_SESSIONS, MOST_STEPS = 10_000_000, 100_000, 100_000_000
"""Greatest sizes that a study may state: beyond them lies a slip of the keyboard."""
Steps = Annotated[Count, Field(le=MOST_STEPS)]


class Part(BaseModel):
    """A block of a study with known keys only."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class RulesToLearn(Part):
    """A rule pack that the body learns with, by name or path, and the weight of breaking it.

    * ``pack``: rule pack by name or path.
    * ``weight``: weight of a breach in the training loss.
    """

    pack: Annotated[str, Meaning("a rule pack by name or path", "ohlcv")]
    short: ClassVar[str] = "pack"

    weight: Annotated[Number, Field(gt=0, le=1_000)] = 1.0


class GeneratorChoice(Part):
    """Which generator learns the body, with which settings and rules, for how many training steps.

    * ``name``: generator; `finsim list generators` says what each is.
    * ``settings``: settings of the generator by name; its own defaults when left out.
    * ``steps``: training steps; the generator's own number when left out.
    * ``rules``: a rule pack that the generator learns with.
    """

    short: ClassVar[str] = "name"

    name: str = BARS_DEFAULT
    settings: dict[str, Any] = {}
    steps: Steps | None = None
    rules: RulesToLearn | None = None

    def trained(self) -> int | None:
        """Return the training steps: as written, in the settings, or the generator's own; None: it has none.

        Imports the generator when the study leaves the steps to it.
        """
        known = self.steps or self.settings.get("steps")
        if known is None and self.name in GENERATORS:
            if GENERATORS.lacks(self.name):
                return None  # not installed: what runs the study says so
            known = getattr(GENERATORS.load(self.name).Settings(), "steps", None)
        return known


class MarketPart(Part):
    """Market paths: the real prices to learn from and the joint paths to sample.

    * ``data``: prices to learn from: a file, relative to this one, or a bundled data set.
    * ``generator``: what learns from them.
    * ``paths``: number of joint paths.
    * ``sessions``: rows per path and asset; row 0 is the jump-off bar.
    * ``shard_paths``: paths per shard; part of the study, so results do not depend on workers.
    * ``holdout``: last share of the history that is never fitted and kept for the evidence.
    * ``betas``: how strongly each asset follows the market of a scenario, by asset.
    * ``rules``: rule pack by name or path; null: no rules.
    * ``schema``: schema file of the data, relative to this file.
    """

    data: Annotated[str, Meaning("a file, or a bundled data set", "wiki_aapl_ibm_2000_2013")]
    generator: GeneratorChoice = GeneratorChoice()
    paths: Annotated[Count, Field(le=MOST_PATHS)] = 200
    sessions: Annotated[Length, Field(ge=2, le=MOST_SESSIONS)] = 2520
    shard_paths: Annotated[Count, Field(le=MOST_PATHS)] = 50
    holdout: Annotated[Share, Field(ge=0.05, le=0.5)] = 0.2
    betas: dict[str, Number] = {}
    rules: str | None = "ohlcv"
    schema_: str | None = Field(None, alias="schema")

    @model_serializer(mode="wrap")
    def _as_written(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Call the schema what a study file calls it, and leave it out when there is none."""
        data: dict[str, Any] = handler(self)
        name = data.pop("schema_", None) or data.pop("schema", None)
        return data if name is None else {**data, "schema": name}

"""Blocks of a narrative file: forms of the story, evasion, when it stops, labels."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from finsim.agents.narratives.narrative_blocks import (
    Amount,
    Part,
    Seconds,
    Share,
    Sourced,
    Sum,
    Weight,
    known_word,
    one_word,
)
from finsim.agents.narratives.quantities import MOST_PAYMENTS, Payments
from finsim.document_numbers import Count, Meaning, Misfit
from finsim.editor_schemas import JsonSchema, given
from finsim.errors import did_you_mean

EVASIONS = (
    "threshold_avoid", "mimic_amounts", "mimic_hours", "commingle", "cross_bank", "chain_delay",
    "mimic_habit", "mimic_channels", "more_accounts",
)  # fmt: skip
_WITH_THRESHOLD = "threshold_avoid"


class Variant(Sourced):
    """One form of the story: its weight, its money, its number of payments per phase.

    * ``weight``: how often this form is chosen, relative to the others; above 0.
    * ``typology``: name that scenarios use for this form.
    * ``proceeds``: the money of one scheme of this form.
    * ``counts``: number of payments by phase, instead of the phase's own.
    """

    weight: Weight
    typology: str | None = None
    proceeds: Amount | None = None
    counts: dict[str, Payments] = Field(default_factory=dict)


class Evasion(Sourced):
    """One way to stay unseen, with a level from 0 (none) to 1; the short form is `{mimic_hours: 0.5}`.

    * ``kind``: the way to stay unseen.
    * ``level``: from 0 (not at all) to 1.
    * ``threshold``: amount that payments stay below, of threshold_avoid alone, in hundreds of the currency's
      smallest unit.
    """

    meaning: ClassVar[Meaning] = Meaning(
        "a mapping of a way to stay unseen to its level", "{mimic_hours: 0.5, assumption: our own estimate}"
    )

    kind: Annotated[str, one_word(EVASIONS)]
    level: Share
    threshold: Sum | None = None

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> JsonSchema:
        """Return the long form, and the short one whose key is the kind and whose value is the level."""
        long = handler.resolve_ref_schema(handler(core))
        keys = dict(long["properties"])
        del keys["kind"]
        level = keys.pop("level")
        short = {
            **long,
            "properties": {**keys, **dict.fromkeys(EVASIONS, level)},
            "required": [],
            "allOf": [{"oneOf": [{"required": [kind]} for kind in EVASIONS]}],
        }
        kind = {"required": ["kind"], "properties": {"kind": {"const": _WITH_THRESHOLD}}}
        has = given("threshold")
        both = {"if": {"anyOf": [{"required": [_WITH_THRESHOLD]}, kind]}, "then": has, "else": {"not": has}}
        return {"anyOf": [long, short], "description": long["description"], **both}

    @model_validator(mode="before")
    @classmethod
    def _read_short_form(cls, data: Any) -> Any:
        if isinstance(data, dict) and "kind" not in data:
            known = [key for key in data if key in EVASIONS]
            rest = {key: value for key, value in data.items() if key not in known}
            if len(known) == 1:
                return {"kind": known[0], "level": data[known[0]], **rest}
            named = [str(key) for key in data if key not in ("source", "assumption", "threshold", "level")]
            near = did_you_mean(named[0], list(EVASIONS)) if named else ""
            raise Misfit(f"unknown evasion {', '.join(named)}", f"one of {', '.join(EVASIONS)}", near)
        return data

    @model_validator(mode="after")
    def _check(self) -> Evasion:
        known_word(self.kind, EVASIONS, "evasion")
        if (self.kind == _WITH_THRESHOLD) != (self.threshold is not None):
            raise Misfit(
                f"{self.kind} {'with' if self.threshold is not None else 'without'} `threshold:`",
                f"a threshold for {_WITH_THRESHOLD}, and for it only",
                "add `threshold: 10000`" if self.threshold is None else "remove `threshold:`",
            )
        return self


class Stop(Sourced):
    """When the story ends early: so many declines, so much of the limit spent, or so much time gone.

    * ``declines``: the scheme ends after so many declined payments.
    * ``spent``: share from 0 to 1 of the first role's limit that is spent.
    * ``timeout``: time after the first payment, such as 14d.
    """

    declines: Annotated[Count, Field(le=MOST_PAYMENTS)] | None = None
    spent: Annotated[Share, Field(gt=0.0)] | None = None
    timeout: Seconds | None = None


class Labels(Part):
    """Which phases are fraud, which are laundering, and of which no victim complains.

    * ``fraud``: names of phases whose rows are labeled fraud.
    * ``laundering``: names of phases whose rows are labeled laundering.
    * ``unreported``: names of phases of fraud in which the payer is in on it, so that nobody claims.
    """

    meaning: ClassVar[Meaning] = Meaning("a mapping to names of phases", "{fraud: [phase_name]}")

    fraud: tuple[str, ...] = ()
    laundering: tuple[str, ...] = ()
    unreported: tuple[str, ...] = ()

"""Blocks of a narrative file: roles, phases, amounts, timing, evasion, stop, labels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from finsim.agents.narratives.number_syntax import Draw, Duration, bounds, number, seconds
from finsim.agents.narratives.role_filters import ACCOUNT_FACTS, SHOP_FACTS, Condition
from finsim.agents.vocabulary import CATEGORIES, CHANNELS, KINDS, OUTSIDE, PURPOSES, SEGMENTS
from finsim.document_numbers import Count, Meaning, Misfit, Number, Share
from finsim.errors import did_you_mean

MOTIFS = (
    "pairs", "fan_in", "fan_out", "bipartite", "chain", "cycle", "scatter_gather", "gather_scatter",
)  # fmt: skip
CALENDARS = ("any", "waking", "victim_sleep", "business_hours", "payday")
EXPOSURES = ("account_year", "person_year", "card_year", "firm_year", "merchant_year", "bank_year")
EVASIONS = ("threshold_avoid", "mimic_amounts", "mimic_hours", "commingle", "cross_bank", "chain_delay")
_SECONDS = Annotated[float, BeforeValidator(seconds), Meaning("a duration", "9h")]
_Share = Annotated[Share, Field(ge=0.0, le=1.0)]
Word = Annotated[
    str,
    Field(pattern=r"^[a-z][a-z0-9_]*$"),
    Meaning("a name of lower-case letters, digits and _, a letter first", "my_story"),
]


def _known(value: str, known: Sequence[str], what: str) -> str:
    if value not in known:
        raise Misfit(
            f"unknown {what} {value!r}", f"one of {', '.join(known)}", did_you_mean(value, list(known))
        )
    return value


def _mix(mix: dict[str, float], known: Sequence[str], what: str) -> dict[str, float]:
    for word, weight in mix.items():
        _known(word, known, what)
        if weight <= 0:
            raise Misfit(
                f"weight of {what} {word!r} is {weight:g}", "a weight above 0", "write 1, or leave it out"
            )
    return mix


class Part(BaseModel):
    """A block with known keys only."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Sourced(Part):
    """A block whose numbers come from somewhere: ``source`` names it, or ``assumption`` admits it."""

    source: str | None = None
    assumption: str | None = None

    @model_validator(mode="after")
    def _say_where_from(self) -> Sourced:
        if not (self.source or self.assumption):
            raise Misfit(
                "numbers without a source",
                "a `source:` or an `assumption:` beside them",
                "add `assumption: WHY` or `source: WHERE FROM`",
            )
        return self


class Rate(Sourced):
    """How often schemes start: ``value`` per unit of exposure and year."""

    per: str
    value: Annotated[Number, Field(ge=0.0)]

    @field_validator("per")
    @classmethod
    def _check_per(cls, value: str) -> str:
        return _known(value, EXPOSURES, "exposure")


class Reuse(Part):
    """With chance ``share`` a member comes from a standing pool of ``pool`` x (expected schemes) accounts."""

    share: _Share
    pool: Annotated[Number, Field(gt=0.0, le=10.0)]


class Select(Part):
    """Who may play a role: accounts of given kinds, shops, or outside accounts of given sorts."""

    accounts: tuple[str, ...] = ()
    shops: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    where: dict[str, Condition] = Field(default_factory=dict)
    weight: dict[str, Number] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check(self) -> Select:
        given = [name for name in ("accounts", "shops", "outside") if getattr(self, name)]
        if len(given) != 1:
            raise Misfit(
                f"select with {' and '.join(given) or 'nothing to choose from'}",
                "exactly one of accounts, shops, outside",
                "write `accounts: [personal]`",
            )
        words = {"accounts": KINDS[:-1], "shops": (*CATEGORIES, "any"), "outside": OUTSIDE}[given[0]]
        for word in getattr(self, given[0]):
            _known(word, words, given[0])
        facts = {"accounts": ACCOUNT_FACTS, "shops": SHOP_FACTS, "outside": ()}[given[0]]
        for name in (*self.where, *self.weight):
            _known(name, facts, f"fact of {given[0]}")
        for name in self.weight:
            if name == "segment":
                raise Misfit("segment as a weight", "a fact that is a number", "filter it with `where:`")
        if "segment" in self.where:
            for word in self.where["segment"].words:
                _known(word, SEGMENTS, "segment")
        return self


class Role(Sourced):
    """One typed slot: who may fill it, and how many do."""

    select: Select
    n: Draw = Draw(dist="fixed", value=1.0)
    reuse: Reuse | None = None


class Below(Part):
    """An amount just below a threshold: ``threshold`` times a factor from ``band``."""

    threshold: Annotated[Number, Field(gt=0.0)]
    band: tuple[float, float]

    @field_validator("band", mode="before")
    @classmethod
    def _read_band(cls, value: Any) -> tuple[float, float]:
        low, high = bounds(value, number) if isinstance(value, str) else (0.0, 0.0)
        if not 0.0 < low <= high < 1.0:
            raise Misfit(f"{value!r}", "a range inside 0..1", "write 0.80..0.99")
        return low, high


class Amount(Part):
    """What is paid: exactly one of draw, fraction_of with share, below, ticket, start with growth.

    Money is in units of the study's currency. ``ticket`` multiplies the usual ticket of the paid shop.
    """

    draw: Draw | None = None
    fraction_of: Literal["balance", "available", "limit", "pot", "proceeds"] | None = None
    share: Draw | None = None
    below: Below | None = None
    ticket: Draw | None = None
    start: Amount | None = None
    growth: Draw | None = None
    min: Annotated[Number, Field(ge=0.01)] = 1.0
    max: Annotated[Number, Field(gt=0.0)] | None = None
    round_to: Annotated[Number, Field(gt=0.0)] | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Amount:
        ways = [
            n for n in ("draw", "fraction_of", "below", "ticket", "start") if getattr(self, n) is not None
        ]
        if len(ways) != 1:
            raise Misfit(
                f"an amount with {' and '.join(ways) or 'no way to draw it'}",
                "exactly one of draw, fraction_of, below, ticket, start",
                "keep one" if ways else "write `draw: 20..500`",
            )
        for first, second in (("fraction_of", "share"), ("start", "growth")):
            if (getattr(self, first) is None) != (getattr(self, second) is None):
                raise Misfit(
                    f"{first} or {second} alone", f"{first} and {second} together", "write both or none"
                )
        if self.start is not None and self.start.start is not None:
            raise Misfit("a start with a start of its own", "an amount that is drawn", "write `draw:`")
        return self


class Timing(Part):
    """When: ``wait`` before the phase, ``delay`` between payments, or spread over ``window``.

    With chance ``weight`` a payment moves to the hours of ``calendar``.
    """

    wait: Duration | None = None
    delay: Duration | None = None
    window: _SECONDS | None = None
    calendar: str = "any"
    weight: _Share = 1.0

    @field_validator("calendar")
    @classmethod
    def _check_calendar(cls, value: str) -> str:
        return _known(value, CALENDARS, "calendar")

    @model_validator(mode="after")
    def _one_rhythm(self) -> Timing:
        if self.delay is not None and self.window is not None:
            raise Misfit("delay and window", "one of the two", "remove one")
        return self


class OnDecline(Part):
    """After a decline: with chance ``halve`` try half of it soon, with chance ``abandon`` give up."""

    halve: _Share = 0.0
    abandon: _Share = 0.0

    @model_validator(mode="after")
    def _at_most_one(self) -> OnDecline:
        if self.halve + self.abandon > 1.0:
            raise Misfit(
                f"halve and abandon add up to {self.halve + self.abandon:g}", "at most 1", "lower one of them"
            )
        return self


class Gate(Part):
    """The phase happens only once ``posted`` payments of ``phase`` have been posted."""

    phase: str
    posted: Annotated[Count, Field(ge=1, le=1000)] = 1


_UNTIL = re.compile(r"posted\s*>=\s*([0-9]+)\Z")


def _read_until(value: Any) -> int:
    match = _UNTIL.match(value.strip()) if isinstance(value, str) else None
    if match is None or int(match[1]) < 1:
        raise Misfit(f"{value!r} is no condition", "a number of posted payments", "write `posted >= 1`")
    return int(match[1])


class Phase(Sourced):
    """One act: who pays whom in which motif, how often, how much, when and how."""

    name: Word
    payer: str = Field(alias="from")
    to: str
    via: str | None = None
    motif: str = "pairs"
    count: Draw | Literal["cover"] = Draw(dist="fixed", value=1.0)
    hops: Draw = Draw(dist="fixed", value=1.0)
    degree: Draw = Draw(dist="fixed", value=1.0)
    amount: Amount
    timing: Timing = Timing()
    channel: dict[str, Number]
    purpose: dict[str, Number] | None = None
    on_decline: OnDecline = OnDecline()
    until: Annotated[int, BeforeValidator(_read_until)] = 0
    needs: Gate | None = None
    chance: _Share = 1.0

    @field_validator("channel", "purpose", mode="before")
    @classmethod
    def _one_or_mix(cls, value: Any) -> Any:
        return {value: 1.0} if isinstance(value, str) else value

    @field_validator("motif")
    @classmethod
    def _check_motif(cls, value: str) -> str:
        return _known(value, MOTIFS, "motif")

    @field_validator("channel")
    @classmethod
    def _check_channel(cls, value: dict[str, float]) -> dict[str, float]:
        return _mix(value, CHANNELS, "channel")

    @field_validator("purpose")
    @classmethod
    def _check_purpose(cls, value: dict[str, float] | None) -> dict[str, float] | None:
        return None if value is None else _mix(value, PURPOSES, "purpose")

    @model_validator(mode="after")
    def _check(self) -> Phase:
        needs_via = self.motif in ("chain", "cycle", "scatter_gather", "gather_scatter")
        if needs_via != (self.via is not None):
            raise Misfit(
                f"motif {self.motif} {'without' if needs_via else 'with'} `via:`",
                "a `via:` role" if needs_via else "no `via:` role",
                "add `via: ROLE`" if needs_via else "remove `via:`",
            )
        if self.count == "cover" and (self.motif != "pairs" or not (self.amount.draw or self.amount.below)):
            raise Misfit(
                "count `cover`", "with it motif pairs, and an amount of draw or below", "write a number"
            )
        return self


class Variant(Sourced):
    """One form of the story: its weight, its money, its number of payments per phase."""

    weight: Annotated[Number, Field(gt=0.0)]
    typology: str | None = None
    proceeds: Amount | None = None
    counts: dict[str, Draw] = Field(default_factory=dict)


class Evasion(Sourced):
    """One way to stay unseen, with a level from 0 (none) to 1."""

    kind: str
    level: _Share
    threshold: Number | None = None

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
        _known(self.kind, EVASIONS, "evasion")
        if (self.kind == "threshold_avoid") != (self.threshold is not None):
            raise Misfit(
                f"{self.kind} {'with' if self.threshold is not None else 'without'} `threshold:`",
                "a threshold for threshold_avoid, and for it only",
                "add `threshold: 10000`" if self.threshold is None else "remove `threshold:`",
            )
        return self


class Stop(Sourced):
    """When the story ends early: so many declines, so much of the limit spent, or so much time gone."""

    declines: Count | None = None
    spent: _Share | None = None
    timeout: _SECONDS | None = None


class Labels(Part):
    """Which phases are fraud, which are laundering."""

    fraud: tuple[str, ...] = ()
    laundering: tuple[str, ...] = ()

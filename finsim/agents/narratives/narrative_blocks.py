"""Blocks of a narrative file: roles, phases, amounts, timing, evasion, stop, labels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from finsim.agents.narratives.draws import Duration
from finsim.agents.narratives.number_syntax import RANGE_FORM, bounds, number, seconds
from finsim.agents.narratives.quantities import MOST_MONEY, Factor, Members, Money, Payments, Portion
from finsim.agents.vocabulary import CHANNELS, DEVICES, PURPOSES
from finsim.document_numbers import Count, Meaning, Misfit, Number
from finsim.document_numbers import Share as AnyShare
from finsim.editor_schemas import NUMBER, JsonSchema, also, given, one_of, reads, together, when
from finsim.errors import did_you_mean

MOTIFS = (
    "pairs", "fan_in", "fan_out", "bipartite", "chain", "cycle", "scatter_gather", "gather_scatter",
    "random_walk",
)  # fmt: skip
MOTIFS_WITH_VIA = ("chain", "cycle", "scatter_gather", "gather_scatter")
CALENDARS = ("any", "waking", "victim_sleep", "business_hours", "payday")
Seconds = Annotated[float, BeforeValidator(seconds), Field(gt=0.0), Meaning("a duration", "9h")]
Weight = Annotated[Number, Field(gt=0.0, le=1e6), Meaning("a weight above 0, up to a million", "1")]
Sum = Annotated[
    Number, Field(ge=0.01, le=MOST_MONEY), Meaning("an amount of money, 0.01 to 10,000,000,000", "10000")
]
Share = Annotated[AnyShare, Field(ge=0.0, le=1.0)]
Word = Annotated[
    str,
    Field(pattern=r"^[a-z][a-z0-9_]*$"),
    Meaning("a name of lower-case letters, digits and _, a letter first", "my_story"),
]


def known_word(value: str, known: Sequence[str], what: str) -> str:
    """Return a word of a vocabulary; raises Misfit, with a suggestion, for any other."""
    if value not in known:
        raise Misfit(
            f"unknown {what} {value!r}", f"one of {', '.join(known)}", did_you_mean(value, list(known))
        )
    return value


def _mix(mix: dict[str, float], known: Sequence[str], what: str) -> dict[str, float]:
    if not mix:
        raise Misfit(f"no {what} at all", f"one {what}, or a mix of some", f"write {known[2]}")
    for word, weight in mix.items():
        known_word(word, known, what)
        if not 0 < weight <= 1e6:
            raise Misfit(
                f"weight of {what} {word!r} is {weight:g}",
                "a weight above 0, up to a million",
                "write 1, or leave it out",
            )
    return mix


def one_word(known: Sequence[str]) -> WithJsonSchema:
    """Return the annotation of a key that takes one of some words."""
    return WithJsonSchema({"enum": list(known)})


def word_list(known: Sequence[str]) -> JsonSchema:
    """Return the schema of a list of such words."""
    return {"type": "array", "items": {"enum": list(known)}}


def word_mix(known: Sequence[str], *forms: JsonSchema) -> WithJsonSchema:
    """Return the annotation of a key that takes one word or weights of words."""
    weights = {
        "type": "object",
        "propertyNames": {"enum": list(known)},
        "additionalProperties": {**NUMBER, "exclusiveMinimum": 0, "maximum": 1e6},
        "minProperties": 1,
    }
    return WithJsonSchema({"anyOf": [{"enum": list(known)}, weights, *forms]})


class Part(BaseModel):
    """A block with known keys only."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, defer_build=True)


class Sourced(Part):
    """A block whose numbers come from somewhere: ``source`` names it, or ``assumption`` admits it.

    * ``source``: who published the numbers of this block, and where; or write an assumption.
    * ``assumption``: says that the numbers are ours, and why they are as they are; or name a source.
    """

    model_config = ConfigDict(
        json_schema_extra=also({"anyOf": [given(key, filled=True) for key in ("source", "assumption")]})
    )

    beside: ClassVar[tuple[str, ...]] = ("assumption",)

    source: Annotated[str, Meaning("who published the numbers", "name of a publication")] | None = None
    assumption: Annotated[str, Meaning("why the numbers are as they are", "our own estimate")] | None = None

    @model_validator(mode="after")
    def _say_where_from(self) -> Sourced:
        if not any(words and words.strip() for words in (self.source, self.assumption)):
            raise Misfit(
                "numbers without a source",
                "a `source:` or an `assumption:` beside them",
                "add `assumption: WHY` or `source: WHERE FROM`",
            )
        return self


class Below(Part):
    """An amount just below a threshold: ``threshold`` times a factor from ``band``.

    * ``threshold``: the amount that payments stay below, in hundreds of the currency's smallest unit.
    * ``band``: range of the factor inside 0..1, such as 0.80..0.99.
    """

    threshold: Sum
    band: Annotated[
        tuple[float, float], WithJsonSchema(RANGE_FORM), Meaning("a range inside 0..1", "0.80..0.99")
    ]

    @field_validator("band", mode="before")
    @classmethod
    def _read_band(cls, value: Any) -> tuple[float, float]:
        low, high = bounds(value, number) if isinstance(value, str) else (0.0, 0.0)
        if not 0.0 < low <= high < 1.0:
            raise Misfit(f"{value!r}", "a range inside 0..1", "write 0.80..0.99")
        return low, high


_WAYS = ("draw", "fraction_of", "below", "ticket", "start")
_PAIRS = (("fraction_of", "share"), ("start", "growth"))
_FORMS = [one_of(_WAYS), *(together(*two) for two in _PAIRS)]


class Amount(Part):
    """What is paid: exactly one of draw, fraction_of with share, below, ticket, start with growth.

    Money is in hundreds of the smallest unit of the study's currency, as the simulated world's sums are: 25
    is 25 dollars, 2,500 yen. ``ticket`` multiplies the usual ticket of the paid shop.

    * ``draw``: the amount itself, in hundreds of the currency's smallest unit.
    * ``fraction_of``: what a share is taken of: the balance, balance plus limit, the limit, the pot (received
      in this scheme and not passed on), or the proceeds of the scheme.
    * ``share``: the share of it, from 0 to 1.
    * ``below``: just below a threshold.
    * ``ticket``: factor on the usual sale of the paid shop.
    * ``start``: the first amount; each payment is ``growth`` times the last.
    * ``growth``: factor from one payment to the next.
    * ``min``: least amount, in hundreds of the currency's smallest unit.
    * ``max``: largest amount, in hundreds of the currency's smallest unit.
    * ``round_to``: amounts are rounded to a multiple of this, in hundreds of the currency's smallest unit.
    """

    model_config = ConfigDict(json_schema_extra=also({"allOf": _FORMS}))

    meaning: ClassVar[Meaning] = Meaning(f"a mapping with one of {', '.join(_WAYS)}", "{draw: 20..500}")

    draw: Money | None = None
    fraction_of: Literal["balance", "available", "limit", "pot", "proceeds"] | None = None
    share: Portion | None = None
    below: Below | None = None
    ticket: Factor | None = None
    start: Amount | None = None
    growth: Factor | None = None
    min: Sum = 1.0
    max: Sum | None = None
    round_to: Sum | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Amount:
        ways = [name for name in _WAYS if getattr(self, name) is not None]
        if len(ways) != 1:
            raise Misfit(
                f"an amount with {' and '.join(ways) or 'no way to draw it'}",
                f"exactly one of {', '.join(_WAYS)}",
                "keep one" if ways else "write `draw: 20..500`",
            )
        for first, second in _PAIRS:
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

    * ``wait``: time before the phase, such as 9h or 1h..3d.
    * ``delay``: time between payments; not beside a window.
    * ``window``: the payments are spread evenly over this time; not beside a delay.
    * ``calendar``: hours that payments are moved to.
    * ``weight``: chance from 0 to 1 that a payment moves to the hours of the calendar.
    """

    model_config = ConfigDict(json_schema_extra=also({"not": {"allOf": [given("delay"), given("window")]}}))

    wait: Duration | None = None
    delay: Duration | None = None
    window: Seconds | None = None
    calendar: Annotated[str, one_word(CALENDARS)] = "any"
    weight: Share = 1.0

    @field_validator("calendar")
    @classmethod
    def _check_calendar(cls, value: str) -> str:
        return known_word(value, CALENDARS, "calendar")

    @model_validator(mode="after")
    def _one_rhythm(self) -> Timing:
        if self.delay is not None and self.window is not None:
            raise Misfit("delay and window", "one of the two", "remove one")
        return self


class OnDecline(Part):
    """After a decline: with chance ``halve`` try half of it soon, with chance ``abandon`` give up.

    * ``halve``: chance from 0 to 1 to try half of the amount minutes later, at most twice.
    * ``abandon``: chance from 0 to 1 that the scheme ends.
    """

    meaning: ClassVar[Meaning] = Meaning("a mapping of chances from 0 to 1", "{abandon: 1}")

    halve: Share = 0.0
    abandon: Share = 0.0

    @model_validator(mode="after")
    def _at_most_one(self) -> OnDecline:
        if self.halve + self.abandon > 1.0:
            raise Misfit(
                f"halve and abandon add up to {self.halve + self.abandon:g}", "at most 1", "lower one of them"
            )
        return self


class Gate(Part):
    """The phase happens only once ``posted`` payments of ``phase`` have been posted.

    * ``phase``: name of an earlier phase.
    * ``posted``: how many payments of it must have been posted.
    """

    phase: Annotated[str, Meaning("the name of an earlier phase", "phase_name")]
    posted: Annotated[Count, Field(ge=1, le=1000)] = 1


_UNTIL = re.compile(r"posted\s*>=\s*([0-9]+)\Z")


_CONDITION = Meaning("a number of posted payments", "posted >= 1")


@reads({"type": "string", "pattern": rf"^\s*{_UNTIL.pattern[:-2]}\s*$"})
def _read_until(value: Any) -> int:
    match = _UNTIL.match(value.strip()) if isinstance(value, str) else None
    if match is None or int(match[1]) < 1:
        raise Misfit(f"{value!r} is no condition", "a number of posted payments", "write `posted >= 1`")
    return int(match[1])


_VIA_MOTIF: JsonSchema = {"motif": {"enum": list(MOTIFS_WITH_VIA)}}


class Phase(Sourced):
    """One act: who pays whom in which motif, how often, how much, when and how.

    * ``name``: name of the phase, as labels and the column `phase` have it.
    * ``from``: role that pays.
    * ``to``: role that is paid.
    * ``via``: role in between, of the motifs chain, cycle, scatter_gather and gather_scatter alone.
    * ``motif``: who pays whom: pairs (payments between random members), fan_out, fan_in, bipartite, chain,
      cycle, scatter_gather, gather_scatter or random_walk (each payer pays a random member of `to`, who pays
      another, `hops` times in all).
    * ``count``: payments of pairs, else payments per edge; or cover: as many as reach the proceeds.
    * ``hops``: layers of a chain, payments of a random walk.
    * ``degree``: payees of each payer in a bipartite motif.
    * ``amount``: what is paid.
    * ``timing``: when it is paid.
    * ``channel``: how it is paid: a word, or a mix of words with weights.
    * ``purpose``: what it is for: a word or a mix; the shop's category, else transfer, when left out.
    * ``device``: what the payer orders from: own, new (unknown to the account) or shared (one for all such
      payers of the scheme); a word or a mix, drawn once a role and scheme; by the family when left out.
    * ``on_decline``: what follows a declined payment.
    * ``until``: `posted >= N`: the phase ends after N posted payments.
    * ``after``: when the phase begins: at the `start` of the scheme, at each `receipt` of its payers, or at
      the end of an earlier phase; left out, after all earlier ones, a pot after its payer's last receipt.
    * ``needs``: the phase happens only if an earlier phase posted so many payments.
    * ``chance``: chance from 0 to 1 that the phase happens at all.
    """

    model_config = ConfigDict(
        json_schema_extra=also(
            {
                "allOf": [
                    when("motif", MOTIFS_WITH_VIA, given("via")),
                    {"if": given("via"), "then": {"required": ["motif"], "properties": _VIA_MOTIF}},
                ]
            }
        )
    )

    name: Word
    payer: Annotated[str, Meaning("the name of a role", "payer")] = Field(alias="from")
    to: Annotated[str, Meaning("the name of a role", "payee")]
    via: str | None = None
    motif: Annotated[str, one_word(MOTIFS)] = "pairs"
    count: Payments | Literal["cover"] = Payments(dist="fixed", value=1.0)
    hops: Members = Members(dist="fixed", value=1.0)
    degree: Members = Members(dist="fixed", value=1.0)
    amount: Amount
    timing: Timing = Timing()
    channel: Annotated[dict[str, Number], word_mix(CHANNELS)]
    purpose: Annotated[dict[str, Number] | None, word_mix(PURPOSES, {"type": "null"})] = None
    device: Annotated[dict[str, Number] | None, word_mix(DEVICES, {"type": "null"})] = None
    on_decline: OnDecline = OnDecline()
    until: Annotated[int, BeforeValidator(_read_until), _CONDITION] = 0
    after: Annotated[str, Meaning("start, receipt or the name of an earlier phase", "receipt")] = ""
    needs: Gate | None = None
    chance: Annotated[Share, Field(gt=0.0)] = 1.0

    @field_validator("channel", "purpose", "device", mode="before")
    @classmethod
    def _one_or_mix(cls, value: Any) -> Any:
        return {value: 1.0} if isinstance(value, str) else value

    @field_validator("motif")
    @classmethod
    def _check_motif(cls, value: str) -> str:
        return known_word(value, MOTIFS, "motif")

    @field_validator("channel")
    @classmethod
    def _check_channel(cls, value: dict[str, float]) -> dict[str, float]:
        return _mix(value, CHANNELS, "channel")

    @field_validator("purpose")
    @classmethod
    def _check_purpose(cls, value: dict[str, float] | None) -> dict[str, float] | None:
        return None if value is None else _mix(value, PURPOSES, "purpose")

    @field_validator("device")
    @classmethod
    def _check_device(cls, value: dict[str, float] | None) -> dict[str, float] | None:
        return None if value is None else _mix(value, DEVICES, "device")

    @model_validator(mode="after")
    def _check(self) -> Phase:
        needs_via = self.motif in MOTIFS_WITH_VIA
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

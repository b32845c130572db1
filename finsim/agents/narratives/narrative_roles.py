"""Blocks of a narrative file: how often schemes start, and who plays which role."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field, WithJsonSchema, field_validator, model_validator

from finsim.agents.narratives.narrative_blocks import (
    Part,
    Share,
    Sourced,
    known_word,
    one_word,
    word_list,
)
from finsim.agents.narratives.quantities import Members
from finsim.agents.narratives.role_filters import ACCOUNT_FACTS, SHOP_FACTS, Condition
from finsim.agents.vocabulary import CATEGORIES, KINDS, OUTSIDE, SEGMENTS
from finsim.document_numbers import Meaning, Misfit, Number
from finsim.editor_schemas import JsonSchema, also, given, one_of

EXPOSURES = ("account_year", "person_year", "card_year", "firm_year", "merchant_year", "bank_year")


class Rate(Sourced):
    """How often schemes start: ``value`` per unit of exposure and year.

    * ``per``: what is counted: years of accounts, persons, cards, firms, merchants or banks.
    * ``value``: schemes per unit of exposure, a Poisson process; a study may replace it.
    """

    meaning: ClassVar[Meaning] = Meaning(
        "a mapping", f"{{value: 0.01, per: {EXPOSURES[0]}, assumption: our own estimate}}"
    )

    per: Annotated[str, one_word(EXPOSURES)]
    value: Annotated[Number, Field(ge=0.0, le=1e6), Meaning("a number of schemes per unit of `per`", "0.01")]

    @field_validator("per")
    @classmethod
    def _check_per(cls, value: str) -> str:
        return known_word(value, EXPOSURES, "exposure")


class Reuse(Part):
    """With chance ``share`` a member comes from a standing pool of ``pool`` x (expected schemes) accounts.

    * ``share``: chance from 0 to 1 that a member comes from the pool.
    * ``pool``: accounts of the pool for each expected scheme, at most 10.
    """

    share: Share
    pool: Annotated[Number, Field(gt=0.0, le=10.0)]


Exponent = Annotated[Number, Field(ge=-10.0, le=10.0), Meaning("an exponent from -10 to 10", "1.0")]
# What may be selected, by which words, and the facts that filters and weights may ask of it.
_WHO: dict[str, tuple[str, ...]] = {
    "accounts": KINDS[:-1],
    "shops": (*CATEGORIES, "any"),
    "outside": OUTSIDE,
}
_FACTS: dict[str, tuple[str, ...]] = {"accounts": ACCOUNT_FACTS, "shops": SHOP_FACTS, "outside": ()}
_WORD_FACT = "segment"  # a fact in words: it can be filtered, and has no exponent
_FACTS_OF: list[JsonSchema] = [
    {
        "if": given(who),
        "then": {
            "properties": {
                "where": {
                    "propertyNames": {"enum": list(facts)},
                    "properties": {_WORD_FACT: {"items": {"enum": list(SEGMENTS)}}},
                },
                "weight": {"propertyNames": {"enum": [name for name in facts if name != _WORD_FACT]}},
            }
        },
    }
    for who, facts in _FACTS.items()
]


class Select(Part):
    """Who may play a role: accounts of given kinds, shops, or outside accounts of given sorts.

    * ``accounts``: kinds of accounts; exactly one of accounts, shops and outside is given.
    * ``shops``: categories of merchants, or any.
    * ``outside``: sorts of accounts that no bank of the study holds.
    * ``where``: filters of facts, such as age: ">= 60"; years, days, counts, shares, or money in hundreds
      of the currency's smallest unit.
    * ``weight``: a member's chance is multiplied by fact^exponent.
    """

    model_config = ConfigDict(json_schema_extra=also({"allOf": [one_of(_WHO), *_FACTS_OF]}))

    meaning: ClassVar[Meaning] = Meaning(f"a mapping with one of {', '.join(_WHO)}", "{accounts: [current]}")

    accounts: Annotated[tuple[str, ...], WithJsonSchema(word_list(_WHO["accounts"]))] = ()
    shops: Annotated[tuple[str, ...], WithJsonSchema(word_list(_WHO["shops"]))] = ()
    outside: Annotated[tuple[str, ...], WithJsonSchema(word_list(_WHO["outside"]))] = ()
    where: dict[str, Condition] = Field(default_factory=dict)
    weight: dict[str, Exponent] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check(self) -> Select:
        chosen = [name for name in _WHO if getattr(self, name)]
        if len(chosen) != 1:
            raise Misfit(
                f"select with {' and '.join(chosen) or 'nothing to choose from'}",
                f"exactly one of {', '.join(_WHO)}",
                "write `accounts: [current]`",
            )
        for word in getattr(self, chosen[0]):
            known_word(word, _WHO[chosen[0]], chosen[0])
        if self.outside and (self.where or self.weight):
            told = ", ".join((*self.where, *self.weight))
            raise Misfit(
                f"facts of outside accounts: {told}",
                "no `where:` and no `weight:` beside `outside:`, whose accounts have no facts",
                "remove `where:` and `weight:`, or select accounts of a bank",
            )
        for name in (*self.where, *self.weight):
            known_word(name, _FACTS[chosen[0]], f"fact of {chosen[0]}")
        if _WORD_FACT in self.weight:
            raise Misfit("segment as a weight", "a fact that is a number", "filter it with `where:`")
        if _WORD_FACT in self.where:
            for word in self.where[_WORD_FACT].words:
                known_word(word, SEGMENTS, "segment")
        return self


class Role(Sourced):
    """One typed slot: who may fill it, and how many do.

    * ``select``: who may play the role.
    * ``n``: how many members the role has in a scheme; 1 when left out.
    * ``reuse``: some members come from a standing pool and are used by several schemes.
    """

    select: Select
    n: Members = Members(dist="fixed", value=1.0)
    reuse: Reuse | None = None

"""The keys at the top of a rule file, and the JSON Schema of rule files for editors.

The loader reads the parts of a file one by one; these models say which parts there are.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from finsim.constraints.packs.file_schema import (
    MAX_RULES,
    NAME,
    NAMED,
    LookupText,
    PackHeader,
    ParamText,
    RuleText,
    Scalar,
    TableKeys,
    TableText,
)
from finsim.editor_schemas import JsonSchema, file_schema


class _Keys(BaseModel):
    """The keys of every rule file.

    * ``finsim-rules``: the format of this file, 1.
    * ``pack``: who the pack is.
    * ``params``: numbers, dates and labels that rules name; a run may replace them.
    * ``lookup``: tables of values by labels and days, such as a rate cap by state.
    * ``rules``: what must hold.
    """

    model_config = ConfigDict(extra="forbid", defer_build=True)
    by_hand: ClassVar[set[str]] = {"finsim-rules", "pack", "params", "lookup", "rules", "table", "tables"}
    """What the loader reads itself, part by part."""

    dialect: Literal[1] = Field(alias="finsim-rules")
    pack: PackHeader
    params: Annotated[dict[str, ParamText | Scalar | list[str] | list[int | float]], NAMED] = {}
    lookup: Annotated[dict[str, LookupText], NAMED] = {}
    rules: list[RuleText] = Field(max_length=MAX_RULES)


class ManyTables(_Keys):
    """A rule file with several tables.

    * ``tables``: the tables by name; each rule then says which it is about.
    """

    tables: Annotated[dict[str, TableText], NAMED]


class OneTable(_Keys, TableKeys):
    """A rule file about one table, whose keys stand at the top.

    * ``table``: name of the table.
    """

    table: str = Field("table", pattern=rf"^{NAME.pattern[:-2]}$")


def keys_of(model: type[_Keys]) -> list[str]:
    """Return the keys that stand at the top of a file."""
    return [field.alias or name for name, field in model.model_fields.items()]


def rule_file_schema() -> JsonSchema:
    """Return the JSON Schema of rule files, of one table or several."""
    title = "finsim rule file"
    many, one = file_schema(ManyTables, title), file_schema(OneTable, title)
    defined = {**many.pop("$defs"), **one.pop("$defs")}
    dialect = many.pop("$schema")
    del one["$schema"]
    forms = {"if": {"required": ["tables"]}, "then": many, "else": one}
    return {"$schema": dialect, "title": title, "type": "object", **forms, "$defs": defined}

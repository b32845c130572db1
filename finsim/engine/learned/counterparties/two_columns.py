"""Accounts and names of the other side in two columns, as in bank statements, and as one counterparty.

A transfer has an account and the name of who holds it, a purchase the name of a shop alone. Learned apart,
shops would be paid on accounts of friends, and a friend under the names of shops.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from finsim.notation import Bool1D
from finsim.records.event_log import NAME_ONLY
from finsim.records.mixed_table import MISSING_WORD, WORD, MixedColumn
from finsim.tables.new_ids.id_form import IdForm

LEAST_ALONE = 0.05
"""Share of the rows with a counterparty that name no account from which on names stand for themselves; a
ledger of fewer has accounts for all whom it names (assumption)."""
CONSISTENT = 0.9
"""Share of the rows of accounts with their usual name from which on it is the account's (assumption)."""
MOSTLY = 0.5
LEAST_OWNERS = 2
"""Entities that must have met an account before it comes out with its name."""


@dataclass(frozen=True)
class TwoColumns:
    """The columns of accounts and names of a ledger, and what is known of the names of accounts.

    ``names``: account -> its name ("" for none), of those that several entities met; None where names are
    not those of accounts, but remarks that are learned row by row. ``form`` of new names;
    ``entities_named``, ``others_named``: whether accounts of the ledger, and other ones, have names.
    """

    account: str
    name: str
    names: Mapping[str, str] | None
    form: IdForm
    entities_named: bool
    others_named: bool

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        names = None if self.names is None else dict(self.names)
        return {
            "account": self.account, "name": self.name, "names": names, "form": self.form.to_dict(),
            "entities_named": self.entities_named, "others_named": self.others_named,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TwoColumns:
        """Return what ``to_dict`` wrote."""
        return cls(**{**data, "form": IdForm(**data["form"])})

    def accounts_of(self, column: MixedColumn) -> MixedColumn:
        """Return the counterparties that are accounts, empty where a row names a shop alone."""
        alone = np.array([word.startswith(NAME_ONLY) for word in column.words] + [True])
        return column.with_values(np.where(alone[column.values], MISSING_WORD, column.values))

    def names_of(self, column: MixedColumn, entities: int, remarks: MixedColumn | None) -> MixedColumn:
        """Return the names of counterparties, the first ``entities`` words of which are new accounts.

        ``remarks``: what rows with an account say in place of a name, where that is learned row by row.
        """
        if remarks is not None:
            words = tuple(word[1:] if word.startswith(NAME_ONLY) else "" for word in column.words)
            alone = np.array([bool(word) for word in words] + [False])[column.values]
            codes = np.where(remarks.values < 0, MISSING_WORD, remarks.values + len(words))
            return MixedColumn(
                WORD, np.where(alone, column.values, codes).astype(np.int32), (*words, *remarks.words)
            )
        used, codes = np.unique(column.values, return_inverse=True)
        found = [self._name(int(one), column.words, entities) for one in used]
        places = np.array([k if word else MISSING_WORD for k, word in enumerate(found)], np.int32)
        return MixedColumn(WORD, places[codes.reshape(-1)], tuple(found))

    def _name(self, place: int, words: tuple[str, ...], entities: int) -> str:
        if place < 0:
            return ""
        if place < entities:
            return self.form.new(place, 1)[0] if self.entities_named else ""
        word = words[place]
        if word.startswith(NAME_ONLY):
            return word[len(NAME_ONLY) :]
        assert self.names is not None
        new = self.form.new(place, 1)[0] if self.others_named else ""
        return self.names.get(word, new)


def two_columns(
    table: pa.Table, entity: str, account: str | None, name: str | None
) -> tuple[TwoColumns, pa.Table] | None:
    """Return what is known of both columns, and the table with one counterparty in that of the accounts.

    None where a ledger has not both, or where accounts stand beside nearly all names. The column of names is
    left out where an account tells its name; else it is empty in rows without an account.
    """
    if account is None or name is None:
        return None
    accounts, names = _texts(table[account]), _texts(table[name])
    filled, named = accounts.notna().to_numpy(), names.notna().to_numpy()
    alone = named & ~filled
    if not filled.any() or alone.sum() < LEAST_ALONE * (filled | named).sum():
        return None
    owners = _texts(table[entity])
    both = accounts.where(filled, NAME_ONLY + names.where(alone))
    at = table.schema.get_field_index(account)
    merged = table.set_column(at, account, pa.array(both, pa.string(), from_pandas=True))
    usual, is_consistent = _usual_names(accounts[filled], names[filled])
    inside = accounts.isin(set(owners.dropna())).to_numpy()
    form = IdForm.of([one for one in usual.tolist() if one], list(names.dropna().unique()))
    found = TwoColumns(
        account, name, _met(usual, accounts[filled], owners[filled]) if is_consistent else None, form,
        _mostly(named, filled & inside), _mostly(named, filled & ~inside),
    )  # fmt: skip
    if is_consistent:
        return found, merged.drop_columns([name])
    remarks = pa.array(names.where(filled), pa.string(), from_pandas=True)
    return found, merged.set_column(merged.schema.get_field_index(name), name, remarks)


def _texts(cells: pa.ChunkedArray) -> pd.Series:
    plain = cells.cast(cells.type.value_type) if pa.types.is_dictionary(cells.type) else cells
    texts = pc.cast(plain, pa.string()).to_pandas().astype(object)
    found: pd.Series = texts.where(texts.notna() & (texts != ""), None)
    return found


def _usual_names(accounts: pd.Series, names: pd.Series) -> tuple[pd.Series, bool]:
    """Return the usual name of each account, "" for none, and whether rows mostly have it."""
    rows = pd.DataFrame({"account": accounts, "name": names.fillna("")})
    count = rows.groupby(["account", "name"], sort=True).size().reset_index(name="rows")
    count = count.sort_values(["account", "rows"], kind="stable").drop_duplicates("account", keep="last")
    total = rows["account"].value_counts()
    again = count[count["account"].map(total) > 1]
    agree = int(again["rows"].sum()) >= CONSISTENT * int(total[total > 1].sum())
    found: pd.Series = count.set_index("account")["name"]
    return found, agree


def _met(usual: pd.Series, accounts: pd.Series, owners: pd.Series) -> dict[str, str]:
    """Return the names of the accounts that several entities met."""
    met = pd.DataFrame({"account": accounts, "owner": owners}).drop_duplicates()["account"].value_counts()
    kept = met.index[met >= LEAST_OWNERS]
    return {str(one): str(usual[one]) for one in sorted(kept)}


def _mostly(named: Bool1D, rows: Bool1D) -> bool:
    return bool(rows.any() and named[rows].mean() >= MOSTLY)

"""Which columns are the entity, the time and the label: declared, stored, or guessed from names and types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from shlex import quote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.errors import Problem, StudyError, did_you_mean
from finsim.evaluation.reading.bad_words import with_bad_words
from finsim.evaluation.reading.declared import Declared
from finsim.evaluation.tables.column_pairs import DATE, NUMBER, Roles, kind_of
from finsim.evaluation.utility.label_rows import CLASSES
from finsim.records.columns import FEATURE, INTERNAL, KEY, LABEL
from finsim.tables import Field
from finsim.tables.proposing.roles import is_code, is_entity, is_id, is_time, names_entity, roles
from finsim.tables.role_words import NO_ROLE

NONE = "none"
"""The word that says that no column plays a part, unless a column is called so."""
REPEATS = 2.0
"""Rows a value from which a column of cards, accounts or customers may be the entity of events."""
_IDS = ("obligor", "from_account", "id")
_TIMES = ("date", "opened")
_LABELS = ("outcome", "fraud")
_KEY_SHARE = 0.95


@dataclass(frozen=True)
class Named:
    """Columns that the user names; None where nothing is said, "" where the user says that there is none."""

    id: str | None = None
    time: str | None = None
    label: str | None = None
    secret: tuple[str, ...] = ()
    group: tuple[str, ...] = ()


def checked(named: Named, declared: Declared, headers: Sequence[str], verb: str = "evaluate") -> Named:
    """Return the named columns by their declared names. Raises StudyError for unknown ones, all at once."""
    known = {**{each.source: name for name, each in declared.fields.items() if each.source},
             **{name: name for name in declared.fields}}  # fmt: skip
    problems: list[Problem] = []

    def real(option: str, name: str | None) -> str | None:
        if name is None or name in known:
            return None if name is None else known[name]
        if name == NONE and name not in headers and option in ("id", "time", "label"):
            return ""
        if name in headers:
            found, remedy = f"no type can hold the cells of {name!r}", "name another column, or flatten it"
            found = f"the header {name!r} stands twice" if headers.count(name) > 1 else found
        else:
            found = f"no column {name!r}"
            remedy = did_you_mean(name, list(dict.fromkeys([*known, *headers])))
        problems.append(Problem(f"{verb}: {option}", found, "a column of the data", remedy))
        return name

    found = Named(
        real("id", named.id),
        real("time", named.time),
        real("label", named.label),
        tuple(real("secret", name) or name for name in named.secret),
        tuple(real("group", name) or name for name in named.group),
    )
    if problems:
        raise StudyError.of(problems)
    return found


def guessed(real: pa.Table, declared: Declared, named: Named) -> Roles:
    """Return the roles of the columns: what is named, then declared, stored with them, or guessed."""
    _refuse(real, named)
    by_role = _by_role(real, declared.fields)
    # what a header alone calls an outcome (y, target) may be any label, but of loans
    said = by_role.get("outcome") if declared.kind == "loans" else None
    outcomes = {said, *(name for name, each in declared.fields.items() if each.role == "outcome")}
    frauds = by_role.get("fraud")
    by_role = {role: name for role, name in by_role.items() if name not in (named.label, named.time)}
    entity = named.id if named.id is not None else _entity(real, declared, by_role, named)
    time = named.time if named.time is not None else _time(real, declared.fields, by_role)
    label = named.label if named.label is not None else _label(real, declared, by_role)
    label = label if label != entity else None  # a guessed one
    found = Roles(entity or None, time or None, label or None, named.secret, named.group)
    if label and label != frauds:
        found = with_bad_words(found, real, declared.fields[label], label in outcomes)
    return _with_parts(found, real, declared) if declared.is_schema else found


def _refuse(real: pa.Table, named: Named) -> None:
    """Raise StudyError for a named time that holds no dates, and for one column in two parts."""
    problems = []
    parts = {"id": named.id, "time": named.time, "label": named.label}
    given = [(option, name) for option, name in parts.items() if name]
    for at, (option, name) in enumerate(given):
        other = next((before for before, same in given[:at] if same == name), None)
        if other is not None:
            found = f"{name!r} is --{other} already"
            problems.append(
                Problem(f"evaluate: {option}", found, "a column of its own", "name another column")
            )
    if named.time in real.column_names and kind_of(real[named.time].type) != DATE:
        held = "numbers" if kind_of(real[named.time].type) == NUMBER else "text"
        problems.append(Problem(
            "evaluate: time", f"column {named.time!r} holds {held}, no dates", "a column of dates or times",
            "name a column of dates; or declare how it is written in a schema (--schema): type: date or ts",
        ))  # fmt: skip
    if problems:
        raise StudyError.of(problems)


def _with_parts(roles: Roles, real: pa.Table, declared: Declared) -> Roles:
    """Add amount, counterparty and channel of events as a schema declares them."""
    taken = {roles.id, roles.time, roles.label}
    by_role = {each.role: name for name, each in declared.fields.items()
               if name in real.column_names and name not in taken}  # fmt: skip
    account, shop = by_role.get("to_account"), by_role.get("merchant")
    return replace(
        roles, amount=by_role.get("amount"), counterparty=account or shop, channel=by_role.get("channel"),
        is_shop=account is None and shop is not None,
        sides=(by_role["debit"], by_role["credit"]) if {"debit", "credit"} <= by_role.keys() else None,
    )  # fmt: skip


def _by_role(real: pa.Table, fields: Mapping[str, Field]) -> dict[str, str]:
    """Return role -> column: declared roles, and what headers mean among payments and loans."""
    found = {each.role: name for name, each in fields.items() if each.role and name in real.column_names}
    headers = {each.source or name: name for name, each in fields.items()
               if name in real.column_names and each.role != NO_ROLE}  # fmt: skip
    for kind in ("loans", "payments"):
        for header, role in roles(list(headers), kind).items():
            found.setdefault(role, headers[header])
    return found


def _entity(real: pa.Table, declared: Declared, by_role: Mapping[str, str], other: Named) -> str | None:
    """Return the entity: what is declared, else the first column of ids whose cells bear it out."""
    fields = declared.fields
    named = [by_role[role] for role in _IDS if role in by_role]
    stored = [name for name in _columns_of(declared, KEY) if name in real.column_names]
    typed = [
        name for name, each in fields.items()
        if name in real.column_names and (each.type == "id" or is_id(each.source or name))
        and each.role != NO_ROLE
    ]  # fmt: skip
    for name in dict.fromkeys([*named, *stored, *typed]):
        is_said = name in stored or (declared.is_schema and name in named)
        by_schema = declared.is_schema and name in fields and fields[name].role in _IDS
        if name in (other.label, other.time) or not _can_be_id(real, name, few=by_schema):
            continue
        header = fields[name].source or name if name in fields else name
        if is_said or _is_evident(real, name, header):
            return name
    return None


def doubted_entities(
    real: pa.Table, declared: Declared, named: Named, chosen: Roles, asks: bool
) -> list[str]:
    """Return a sentence on a guessed entity of several rows; ``asks`` also on each column that may be one.

    A column is said by its header.
    """
    if named.id is not None:
        return []
    taken = {chosen.time, chosen.label, *chosen.secrets, *chosen.groups}
    said = []
    for name in real.column_names:
        field = declared.fields.get(name)
        header = field.source or name if field else name
        if name in taken or (field and field.role in (*_IDS, NO_ROLE) and declared.is_schema):
            continue
        known = _Ids.of(real, name)
        if known is None or known.each < REPEATS:
            continue
        told = f"`{header}` repeats {known.each:.0f} times on average"
        if name == chosen.id:
            said.append(f"{told}: taken for the entity by its name; if it is none, write --id none")
        elif asks and _may_name_entities(header, real[name]):
            said.append(f"{told}; if it is the entity, write --id {quote(header)}")
        elif asks and field and field.type == "id" and chosen.id is None:
            said.append(f"{told}: read as a category; if it is the entity, write --id {quote(header)}")
    return said


@dataclass(frozen=True)
class _Ids:
    """Values of a column: how many, and rows a value.

    ``even`` is 1 / sum of squared shares: the number of equally frequent values that would repeat as often.
    """

    values: int
    each: float
    even: float

    @classmethod
    def of(cls, real: pa.Table, name: str) -> _Ids | None:
        """Return the values of a column that can hold ids, else None."""
        if not _can_be_id(real, name):
            return None
        counts = np.asarray(pc.value_counts(_plain(real[name].drop_null())).field("counts"), dtype=np.float64)
        shares = counts / counts.sum()
        return cls(len(counts), float(counts.mean()), float(1.0 / (shares @ shares)))


def _is_evident(real: pa.Table, name: str, header: str) -> bool:
    """Whether the cells bear out that a column names entities, as its header or type says.

    Nearly each row has a value of its own; or values repeat, many of them about equally often, and the
    header speaks of no code that rows share.
    """
    known = _Ids.of(real, name)
    if known is None:
        return False
    if known.values >= _KEY_SHARE * (real.num_rows - real[name].null_count):
        return True
    return known.even > CLASSES and (is_entity(header) or not is_code(header))


def _plain(cells: pa.ChunkedArray) -> pa.Array:
    whole = cells.combine_chunks()
    return whole.dictionary_decode() if pa.types.is_dictionary(whole.type) else whole


def _may_name_entities(header: str, cells: pa.ChunkedArray) -> bool:
    """Whether a header speaks of cards, accounts or customers, and the cells look like ids."""
    if is_entity(header):
        return True
    if not names_entity(header) or kind_of(cells.type) == NUMBER:
        return False
    words = [str(one) for one in pc.unique(cells).drop_null().to_pylist()]
    return sum(any(sign.isdigit() for sign in word) for word in words) > len(words) / 2


def _can_be_id(real: pa.Table, name: str, *, few: bool = False) -> bool:
    """Whether cells may be ids: whole numbers or text, of more values than classes have unless ``few``."""
    kind = real.schema.field(name).type
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    if not (pa.types.is_integer(plain) or pa.types.is_string(plain) or pa.types.is_large_string(plain)):
        return False
    return few or len(pc.unique(real[name])) > CLASSES


def _time(real: pa.Table, fields: Mapping[str, Field], by_role: Mapping[str, str]) -> str | None:
    dated = [name for name in real.column_names if pa.types.is_temporal(real.schema.field(name).type)
             and not pa.types.is_duration(real.schema.field(name).type)]  # fmt: skip
    named = [by_role[role] for role in _TIMES if by_role.get(role) in dated]
    spoken = [name for name in dated if name in fields and is_time(fields[name].source or name)]
    parts = [name for name in (*named, *spoken, *dated) if name not in fields or fields[name].role != NO_ROLE]
    return next(iter(parts), None)


def _label(real: pa.Table, declared: Declared, by_role: Mapping[str, str]) -> str | None:
    stored = [name for name in _columns_of(declared, LABEL) if name in real.column_names]
    flags = [name for name in stored if pa.types.is_boolean(real.schema.field(name).type)]
    named = [by_role[role] for role in _LABELS if role in by_role]
    if stored:  # finsim's own file says which columns are answers
        named = [name for name in named if name in stored]
    elif declared.facts:
        named = []
    for name in (*flags, *named):
        if name in real.column_names and 2 <= len(pc.unique(real[name].drop_null())) <= CLASSES:
            return name
    return None


def _columns_of(declared: Declared, role: str) -> list[str]:
    """Return the columns that finsim's own file stores with a role."""
    return [
        name for name, each in declared.fields.items()
        if declared.facts.get(each.source or name, {}).get("role") == role
    ]  # fmt: skip


def with_keys(real: pa.Table, declared: Declared, chosen: Roles) -> pa.Table:
    """Mark columns that only tell rows apart as keys: stored or declared ids with a value for each row."""
    named = {chosen.time, chosen.label, *chosen.secrets, *chosen.groups}
    ids = {name for name, each in declared.fields.items() if each.type == "id"}
    kept = []
    for field in real.schema:
        told = (field.metadata or {}).get(b"role", b"").decode()
        if field.name in named:
            field = field.with_metadata({"role": FEATURE})
        elif told in (KEY, INTERNAL):
            pass
        elif field.name in ids and _is_key(real, field.name):
            field = field.with_metadata({"role": KEY})
        kept.append(field)
    return real.cast(pa.schema(kept))


def _is_key(real: pa.Table, name: str) -> bool:
    return bool(len(pc.unique(real[name])) >= max(_KEY_SHARE * real.num_rows, 2 * CLASSES))

"""Which column of a tape is meant by each column of the model: from a schema, a study, or known names."""

from __future__ import annotations

from collections.abc import Mapping as Map
from collections.abc import Sequence, Set
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from finsim.credit.tape.roles import COMPUTED, NAME_OF, ROLES
from finsim.errors import DataError, Problem, StudyError
from finsim.tables import Dialect, Field, Schema, bind
from finsim.tables.role_words import NO_ROLE

_UNTYPED = Field(type="", optional=True)


@dataclass(frozen=True)
class Declared:
    """What a study says of one column.

    ``field`` holds its header, type and unit (an empty type: as the role has it, or as detected).
    Of an outcome ``bad`` lists the words that mean default and ``good`` those that mean paid (empty: all
    others). ``per`` is ``month`` or ``year`` for an income or a rate; empty: an income per month, a rate per
    year. No other column is of a time, and ``mapping_of`` refuses it there.
    """

    field: Field
    bad: tuple[str, ...] = ()
    good: tuple[str, ...] = ()
    per: str = ""


@dataclass(frozen=True)
class Mapping:
    """Declared columns by the model's name (features by their own), what to leave out, and the dialect."""

    columns: Map[str, Declared] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    dialect: Dialect = field(default_factory=Dialect)


def mapping_of(
    declared: Map[str, Declared],
    schema: Schema | None = None,
    stated: Map[str, str] | None = None,
    ignore: tuple[str, ...] = (),
    dialect: Dialect | None = None,
) -> Mapping:
    """Return the mapping of a study: its own columns over those of a schema file.

    ``declared`` is keyed by the model's names, role words or feature names; ``stated`` gives one value
    for all loans to a column that the tape lacks. Raises StudyError for a reserved name, or two columns of
    one meaning, or ``per`` of a column that is of no time.
    """
    problems: list[Problem] = []
    found: dict[str, Declared] = {}
    for name, spec in (schema.fields if schema else {}).items():
        source = spec if spec.source else replace(spec, source=name)
        wanted = _meant(name, source, found)
        if reserved(wanted):
            problems.append(_reserved(f"{schema.path if schema else ''}: columns.{name}", wanted))
        found[wanted] = Declared(source, source.bad, source.good)
    own: dict[str, str] = {}
    doubled: list[tuple[str, str, str]] = []
    for key, item in declared.items():
        name = NAME_OF.get(key, key)
        if name in own:
            problems.append(Problem(f"columns.{key}", f"means the same as {own[name]!r}", "", "keep one"))
        if reserved(name):
            problems.append(_reserved(f"columns.{key}", name))
        if near := _near_role(name, {NAME_OF.get(one, one) for one in declared}):
            said = f"{name!r} is no column of the model"
            problems.append(
                Problem(f"columns.{key}", said, "a role, or a feature under a name unlike one",
                        f"did you mean {near!r}? a feature needs another name, such as own_{name}")
            )  # fmt: skip
        if item.field.source in ignore:
            said = f"is read from {item.field.source!r}, which is ignored"
            problems.append(Problem(f"columns.{key}", said, "", "remove it here or from `ignore:`"))
        if item.per and not (name in ROLES and ROLES[name].per):
            problems.append(_of_no_time(key, item.per))
        own[name] = key
        twice = [
            other
            for other, one in found.items()
            if schema
            and other not in own
            and item.field.source
            and one.field.source.casefold() == item.field.source.casefold()
        ]
        for other in twice:
            if other in ROLES:
                doubled.append((key, other, item.field.source))
            else:
                del found[other]  # a feature of the schema file: the study calls it otherwise
        found[name] = item
    problems += _read_twice(doubled, schema.path if schema else "")
    for name, value in (stated or {}).items():
        known = found.get(name)
        if known is not None and known.field.source:
            problems.append(
                Problem(name, f"stated as {value!r} and also mapped to a column", "", "keep one of the two")
            )
        found[name] = Declared(replace(_UNTYPED, default=value))
    if problems:
        raise StudyError.of(problems)
    declared_dialect = dialect or Dialect()
    return Mapping(found, ignore, declared_dialect.over(schema.dialect) if schema else declared_dialect)


def _of_no_time(key: str, per: str) -> Problem:
    timed = [name for name, role in ROLES.items() if role.per]
    return Problem(
        f"columns.{key}.per",
        f"`per: {per}` of {key!r}, which is read as it stands",
        f"`per` of {' or '.join(timed)}",
        "remove `per:`; convert the cells where they are of another time",
    )


def _near_role(name: str, declared: Set[str]) -> str:
    """Return the role that a name is a slip of, "" for none; not where that role is declared as well."""
    if name in ROLES:
        return ""
    near = get_close_matches(name, [role for role in ROLES if role not in declared], n=1, cutoff=0.8)
    return near[0] if near else ""


def _read_twice(doubled: list[tuple[str, str, str]], schema: str) -> list[Problem]:
    """Return in one problem which columns of a study read headers to which a schema file gives other roles.

    ``doubled`` : the study's column, the schema's, and the header.
    """
    if not doubled:
        return []
    key, other, header = doubled[0]
    known = ROLES.get(NAME_OF.get(key, key))
    there = f"give {header!r} the role {known.field.role}" if known else f"call {header!r} {key}"
    if len(doubled) == 1:
        return [
            Problem(
                f"columns.{key}",
                f"reads {header!r} as {key!r}, which {schema} declares as {other!r}",
                "one meaning for each header",
                f"remove `{key}:` here, or {there} in {schema}",
            )
        ]
    listed = ", ".join(f"{header!r} as {key!r} (there {other!r})" for key, other, header in doubled)
    return [
        Problem(
            "columns",
            f"{len(doubled)} headers are read otherwise than {schema} declares them: {listed}",
            "one meaning for each header",
            f"remove these columns here, or change their roles in {schema} (`role: none` takes one away)",
        )
    ]


def _meant(name: str, spec: Field, taken: Map[str, Declared]) -> str:
    """Return the column that a schema's field is: by its role, its name, or a usual name of its header."""
    if spec.role == NO_ROLE:
        return f"own_{name}" if name in ROLES or name in NAME_OF else name
    if spec.role in NAME_OF:
        return NAME_OF[spec.role]
    if name in ROLES or name in NAME_OF:
        return NAME_OF.get(name, name)
    usual = [
        role for role, one in ROLES.items() if spec.source.casefold() in map(str.casefold, one.field.alias)
    ]
    return usual[0] if usual and usual[0] not in taken else name


def fields_of(mapping: Mapping) -> dict[str, Field]:
    """Return the fields to bind: every role, as declared or as usual, then declared features."""
    fields: dict[str, Field] = {}
    for name, role in ROLES.items():
        said = mapping.columns.get(name)
        fields[name] = role.field if said is None else _over(said.field, role.field)
    for name, said in mapping.columns.items():
        if name not in ROLES:
            fields[name] = replace(said.field, optional=True)
    return fields


def bound_columns(headers: Sequence[str], fields: Map[str, Field], place: str) -> dict[str, str]:
    """Return column of the model or feature -> header.

    A column with a declared header is found by that header alone, never by its own name. Raises DataError
    for a header that two columns mean.
    """
    keys: dict[str, str] = {}
    for name, spec in fields.items():
        if spec.source:
            if spec.source in keys:
                found = f"the header {spec.source!r} is mapped to both {keys[spec.source]!r} and {name!r}"
                raise DataError(found, place=place, remedy="keep one of the two")
            keys[spec.source] = name
    for name, spec in fields.items():
        if not spec.source:
            keys[name if name not in keys else f"\0{name}"] = name
    found_by = bind(headers, {key: fields[name] for key, name in keys.items()}, place)
    return {keys[key]: header for key, header in found_by.items()}


def _over(said: Field, usual: Field) -> Field:
    """Return a declared field, its type and stripped texts as the role has them where it says nothing."""
    kind = said.type or usual.type
    alias = () if said.source else (*said.alias, *usual.alias)
    strip = said.strip or (usual.strip if kind == usual.type else ())
    return replace(said, type=kind, alias=alias, strip=strip, role=usual.role, optional=True)


def reserved(name: str) -> bool:
    """Tell whether only the model may write a column of this name."""
    plain = name.casefold()
    return plain in COMPUTED or plain.startswith("_fs_")


def _reserved(place: str, name: str) -> Problem:
    return Problem(
        place,
        f"{name!r} is a column that the model computes",
        "a column of the model, or a feature under a name of its own",
        f"call it own_{name.strip('_')}",
    )

"""The commands of ``finsim``: grouped help, and every mistake of use in own words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from typer.core import TyperCommand, TyperGroup

from finsim.cli.parsing.panels import OPTIONS, VERBS
from finsim.cli.parsing.places import word_of
from finsim.cli.parsing.shells import answered
from finsim.cli.parsing.usage_words import UsageError, of_usage, repeated, too_many, unknown_verb
from finsim.cli.parsing.word_slips import refuse_empty, refuse_slips

WHOLE = 1_000  # characters: the first sentence of a help is never cut


class Verb(TyperCommand):
    """A verb: its options in groups, its mistakes in own words."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments; raises StudyError for every mistake of use."""
        ctx.allow_extra_args = True  # they are refused here, in own words
        words = list(args)
        with _own_words(ctx):
            if not ctx.resilient_parsing:
                self._refuse_slips(ctx, args)
            rest = super().parse_args(ctx, args)
        if rest and not ctx.resilient_parsing:
            raise too_many(ctx, rest, words)
        return rest

    def _refuse_slips(self, ctx: Any, args: list[str]) -> None:
        """Raise StudyError for words too many, words of nothing, and an option of one value given twice."""
        refuse_slips(ctx, args)
        given, rest, order = self.make_parser(ctx).parse_args(args=list(args))
        single = [one for one in order if one.param_type_name == "option" and not one.multiple]
        twice = [
            one for at, one in enumerate(single) if one in single[:at] and not getattr(one, "is_flag", False)
        ]
        if twice:
            raise repeated(ctx, twice[0], args)
        refuse_empty(ctx, given)
        is_help = any(getattr(one, "is_eager", False) for one in order)
        has_swallowed = any(str(value).startswith("--") for value in given.values())
        if rest and not is_help and not has_swallowed:
            raise too_many(ctx, rest, args)  # before what is missing: `check DATA PACK` lacks only the option

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the words behind the verb: options, and arguments as messages call them."""
        arguments = [one for one in self.get_params(ctx) if one.param_type_name == "argument"]
        return ["[OPTIONS]", *(word_of(one) if one.required else f"[{word_of(one)}]" for one in arguments)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options, group by group."""
        groups: dict[str, list[tuple[str, str]]] = {"Arguments": [], **{name: [] for name in OPTIONS}}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is None:
                continue
            is_argument = parameter.param_type_name == "argument"
            panel = "Arguments" if is_argument else getattr(parameter, "rich_help_panel", None) or OPTIONS[-1]
            groups.setdefault(panel, []).append((word_of(parameter), record[1]) if is_argument else record)
        _write(formatter, groups.items())


class Verbs(TyperGroup):
    """A table of verbs, listed in groups."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse what stands before the verb; answers for shells (completion) come first."""
        if ctx.parent is None and not ctx.resilient_parsing and answered(args):
            ctx.exit()
        with _own_words(ctx):
            return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        """Return the verb that is meant; raises StudyError for an unknown one."""
        name = args[0]
        if self.get_command(ctx, name) is None and not ctx.resilient_parsing and not name.startswith("-"):
            raise unknown_verb(ctx, name, self.list_commands(ctx), args[1:])
        with _own_words(ctx):
            return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the verbs, group by group; of a verb inside a verb as one group."""
        told = {
            name: (name, self.commands[name].get_short_help_str(WHOLE)) for name in self.list_commands(ctx)
        }
        if ctx.parent is not None:
            _write(formatter, [("Verbs", list(told.values()))])
            return
        groups = {group: [told.pop(name) for name in names if name in told] for group, names in VERBS.items()}
        _write(formatter, [*groups.items(), ("Other", list(told.values()))])


@contextmanager
def _own_words(ctx: Any) -> Iterator[None]:
    """Say typer's complaints in own words; help that is asked for goes through."""
    try:
        yield
    except UsageError as error:
        raise of_usage(error, ctx) from None


def _write(formatter: Any, groups: Iterable[tuple[str, list[tuple[str, str]]]]) -> None:
    for title, rows in groups:
        if rows:
            with formatter.section(title):
                formatter.write_dl(rows)

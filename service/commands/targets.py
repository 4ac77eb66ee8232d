"""A verb with several targets: `halyard train fund-sharpe | thermosphere-density`."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import typer
from typer.core import TyperGroup

from models.errors import ConfigError


def target_group(doing: str, text: str) -> typer.Typer:
    """A group of commands that are targets of one verb.

    doing  completes "nothing called 'x' to ..."
    text   help of the verb
    """

    class Targets(_Targets):
        verb = doing

    return typer.Typer(cls=Targets, help=text, no_args_is_help=False, rich_markup_mode=None)


class _Targets(TyperGroup):
    """Says what there is when a target is unknown; options may come before the target."""

    verb = ""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args:
            raise ConfigError(f"expected what to {self.verb}; there is: {', '.join(self.commands)}")
        if args[0].startswith("-"):
            at = next((i for i, word in enumerate(args) if word in self.commands), 0)
            args = [args[at], *args[:at], *args[at + 1 :]]
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            near = get_close_matches(args[0], self.commands, n=1)
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            raise ConfigError(
                f"nothing called {args[0]!r} to {self.verb}{hint}; there is: "
                f"{', '.join(self.commands)}"
            )
        return super().resolve_command(ctx, args)

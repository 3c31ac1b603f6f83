"""What a command of the command line needs: settings, the running generation, and a context to act in."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import click
import orjson

from kumiko.core import CORE
from kumiko.host import config as configuration
from kumiko.host import guard
from kumiko.host.config import Config
from kumiko.host.context import SYSTEM, Context, Principal, narrowed, use
from kumiko.host.errors import ConfigError, Forbidden
from kumiko.host.processes import set_up_log

if TYPE_CHECKING:
    from kumiko.host.wsgi import Host


@dataclass
class Shell:
    """The object of every click context (`@click.pass_obj`). Commands of plugins run inside `acting()` already."""

    as_json: bool = False
    as_email: str = ""
    core: Sequence[str] = CORE

    @cached_property
    def config(self) -> Config:
        made = configuration.load()
        set_up_log("warning" if made.log == "info" else made.log)
        return made

    @cached_property
    def host(self) -> Host:
        """The generation, as a web process would have it; BuildFailed before `kumiko init`."""
        from kumiko.host.wsgi import Host

        return Host(self.config, core=self.core)

    @contextmanager
    def acting(self) -> Iterator[Context]:
        """A context for one command, acting as administrator "cli" or as `--as E-MAIL`."""
        host = self.host
        cli = narrowed(SYSTEM, name="cli")
        with use(Context(host.database, generation=host.generation, principal=cli, via="cli")) as context:
            if self.as_email:
                context.as_principal(self._principal(host, self.as_email))
            try:
                yield context
            finally:
                if guard.waiting():
                    guard.flush(host.database)

    @staticmethod
    def _principal(host: Host, email: str) -> Principal:
        find = host.generation.state.get("principal_for_email")
        if find is None:
            raise ConfigError(f"--as {email}: this installation knows no users.")
        found: Principal | None = find(email)
        if found is None:
            raise ConfigError(f"--as {email}: there is no active user with this e-mail address.")
        return found

    def say(self, text: str, **values: Any) -> None:
        """Print a line for people, or with --json the values as one JSON object per line."""
        if self.as_json and values:
            self.say_json(values)
        elif not self.as_json and text:
            click.echo(text)

    def say_json(self, value: Any) -> None:
        click.echo(orjson.dumps(value, default=_plain))

    def table(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
        """Print rows as an aligned table, or with --json as one array."""
        if self.as_json:
            self.say_json(list(rows))
            return
        cells = [[str(row.get(column, "")) for column in columns] for row in rows]
        widths = [max([len(title), *(len(line[at]) for line in cells)]) for at, title in enumerate(columns)]
        for line in [[title.upper() for title in columns], *cells]:
            click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset | set | tuple):
        return sorted(value) if isinstance(value, frozenset | set) else list(value)
    return str(value)


@contextmanager
def switching(shell: Shell) -> Iterator[Context]:
    """A context whose person may switch plugins; Forbidden otherwise."""
    with shell.acting() as context:
        if context.principal is None or not context.principal.may("plugins.switch"):
            raise Forbidden("You may not switch modules; an administrator may.")
        yield context


def in_context(command: click.Command) -> click.Command:
    """A copy of a plugin's command (and of each below it) that runs in `Shell.acting()`; its help needs no database.

    A copy, because the plugin's own object outlives this program run: tests and a second generation use it as declared.
    """
    wrapped = copy(command)
    if isinstance(wrapped, click.Group):
        wrapped.commands = {name: in_context(one) for name, one in wrapped.commands.items()}
        return wrapped
    callback: Callable[..., Any] | None = command.callback
    if callback is None or getattr(callback, "kumiko_acting", False):
        return wrapped

    def run(*args: Any, **kwargs: Any) -> Any:
        shell = click.get_current_context().find_object(Shell)
        if shell is None:
            return callback(*args, **kwargs)
        with shell.acting():
            return callback(*args, **kwargs)

    run.kumiko_acting = True  # type: ignore[attr-defined]
    wrapped.callback = run
    return wrapped


def split_global_options(arguments: Sequence[str]) -> tuple[bool, str, list[str]]:
    """Take `--json` and `--as E-MAIL` out of the arguments, wherever they stand before `--`."""
    as_json, email = False, ""
    rest: list[str] = []
    iterator = iter(arguments)
    for argument in iterator:
        if argument == "--":
            return as_json, email, [*rest, argument, *iterator]
        if argument == "--json":
            as_json = True
        elif argument == "--as":
            email = next(iterator, "")
            if not email:
                print("Error: --as needs the e-mail address of a user.", file=sys.stderr)
                raise SystemExit(2)
        elif argument.startswith("--as="):
            email = argument.removeprefix("--as=")
        else:
            rest.append(argument)
    return as_json, email, rest

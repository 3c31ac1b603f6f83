"""`kumiko user ...` and `kumiko token create`. `shell` is the command line's object (`kumiko.operate.shell.Shell`)."""

from __future__ import annotations

from typing import Any

import click

from kumiko.access import accounts, factors
from kumiko.host.context import current
from kumiko.host.errors import NotFound


@click.group("user")
def user() -> None:
    """Users: who may sign in, as what."""


@user.command("add")
@click.argument("email", metavar="E-MAIL")
@click.option("--name", required=True)
@click.option("--role", "roles", multiple=True, required=True, help="Key of a role; may be given several times.")
@click.option("--team", default="", help="Name of a team that exists.")
@click.option("--password", default="", help="Without one, a one-time link to set it is printed.")
@click.pass_obj
def add(shell: Any, email: str, name: str, roles: tuple[str, ...], team: str, password: str) -> None:
    """Make a user."""
    team_id = accounts.find_team_id(team) if team else None
    if team and team_id is None:
        names = ", ".join(one[1] for one in accounts.team_tree()) or "none"
        raise NotFound(f"There is no team {team!r}; teams are: {names}.")
    user_id = accounts.add_user(name, email, roles=roles, team_id=team_id, password=password)
    link = "" if password else _address(accounts.password_link(email))
    shell.say(f"{name} <{email.lower()}>: user {user_id}", id=user_id, email=email.lower(), link=link)
    if link:
        shell.say(f"Sets a password, once, within three days: {link}")


@user.command("password")
@click.argument("email", metavar="E-MAIL")
@click.option("--password", default="", help="Without one, a one-time link to set it is printed.")
@click.pass_obj
def password_(shell: Any, email: str, password: str) -> None:
    """Set a user's password, or print a link with which the user sets it."""
    user_id = accounts.get_user_id(email)
    if password:
        accounts.set_password(user_id, email.lower(), password)
        shell.say(f"{email.lower()} has a new password; every session of this user has ended.", id=user_id)
        return
    link = _address(accounts.password_link(email))
    shell.say(f"Sets a password, once, within three days: {link}", id=user_id, link=link)


@user.command("disable")
@click.argument("email", metavar="E-MAIL", required=False)
@click.option("--demo", is_flag=True, help="Every sample user whose password is known.")
@click.pass_obj
def disable(shell: Any, email: str | None, demo: bool) -> None:
    """Take a user's way in; the user's records stay."""
    if bool(email) == demo:
        raise click.UsageError("Give the e-mail address of a user, or --demo.")
    if demo:
        gone = accounts.disable_known_passwords()
        shell.say(f"disabled: {', '.join(gone) or 'nobody, no sample user is active'}", disabled=list(gone))
        return
    accounts.disable(accounts.get_user_id(email or ""))
    shell.say(f"disabled: {(email or '').lower()}", disabled=[(email or "").lower()])


@user.command("second-factor")
@click.argument("email", metavar="E-MAIL")
@click.option("--reset", is_flag=True, required=True, help="Take it away: phone and recovery codes are lost.")
@click.pass_obj
def second_factor(shell: Any, email: str, reset: bool) -> None:
    """Take a user's second factor away, so that the password alone opens the account again."""
    user_id = accounts.get_user_id(email)
    was_on = factors.is_on(user_id)
    factors.reset(user_id)
    text = "signs in with the password alone again" if was_on else "had no second factor"
    shell.say(f"{email.lower()} {text}.", id=user_id, was_on=was_on)


@user.command("list")
@click.pass_obj
def list_(shell: Any) -> None:
    """Every user."""
    rows: list[dict[str, Any]] = [
        {
            "id": one.id,
            "email": one.email,
            "name": one.name,
            "roles": ", ".join(one.roles),
            "team": one.team,
            "state": "active" if one.active else "disabled",
        }
        for one in accounts.list_accounts(limit=100_000)
    ]
    shell.table(rows, ("id", "email", "name", "roles", "team", "state"))


@click.group("token")
def token() -> None:
    """Access tokens for programs."""


@token.command("create")
@click.option("--user", "email", required=True, metavar="E-MAIL", help="Whose rights the token has.")
@click.option("--read-only", is_flag=True, help="It may read, never write.")
@click.option("--name", default="command line", show_default=True, help="What it is for.")
@click.option(
    "--scope",
    "words",
    multiple=True,
    metavar="WORD",
    help="What it may do, such as deals:read or persons:write; may be given several times.",
)
@click.option("--days", type=int, help="How long it works; for ever when this is not given.")
@click.pass_obj
def create(shell: Any, email: str, read_only: bool, name: str, words: tuple[str, ...], days: int | None) -> None:
    """Make an access token; it stands alone on the last line and is never shown again."""
    user_id = accounts.get_user_id(email)
    secret = accounts.make_token(user_id, name=name, read_only=read_only, words=words, days=days)
    if shell.as_json:
        shell.say_json({"token": secret, "user": email.lower(), "read_only": read_only, "scopes": list(words) or None})
        return
    may = ", ".join(words) if words else "with all rights of this user"
    click.echo(f"A token of {email.lower()}, {'reading only' if read_only else may}:", err=True)
    click.echo(secret)


def _address(path: str) -> str:
    generation = current().generation
    return path if generation is None else f"{generation.config.base_url}{path}"

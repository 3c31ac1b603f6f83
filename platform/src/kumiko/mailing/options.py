"""Settings of system mail: reading them from a form, storing them, and what is stored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from kumiko.host import settings
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.mailing import smtp
from kumiko.mailing.services import checked_address
from kumiko.mailing.transport import FOLDER, SERVER
from kumiko.secrets import seal

WAYS = (FOLDER, SERVER)
LONGEST = {"host": 253, "user": 254, "password": 500, "sender": 254, "sender_name": 120}


@dataclass(frozen=True, kw_only=True)
class MailOptions:
    """What is stored, but for the password: only whether there is one."""

    way: str
    host: str
    port: str
    security: str
    user: str
    has_password: bool
    sender: str
    sender_name: str


def read_options() -> MailOptions:
    """The stored settings, with the defaults of those that were never set."""

    def value(name: str) -> str:
        return str(settings.get(f"mailing.{name}") or "")

    return MailOptions(
        way=value("way") or FOLDER, host=value("host"), port=value("port"),
        security=value("security") or smtp.STARTTLS, user=value("user"), has_password=bool(value("password")),
        sender=value("sender"), sender_name=value("sender_name"),
    )  # fmt: skip


def checked(sent: Mapping[str, str]) -> dict[str, object]:
    """Settings to store (`mailing.NAME` -> value) from a form; Invalid with sentences per field.

    An empty password keeps the stored one, as long as server and user stay the same: nobody learns it by pointing it
    at a server of their own.
    """
    given = {name: sent.get(name, "").strip() for name in ("way", "host", "port", "security", "user", "sender")}
    given["sender_name"] = " ".join(sent.get("sender_name", "").split())
    password = sent.get("password", "")
    errors: dict[str, list[str]] = {}
    for name, most in LONGEST.items():
        found = len(password if name == "password" else given[name])
        if found > most:
            errors[name] = [_("at most %(most)d characters fit here, found %(found)d", most=most, found=found)]
    if given["way"] not in WAYS:
        errors["way"] = [_("choose the folder or a server")]
    if given["security"] not in smtp.SECURITIES:
        errors["security"] = [_("choose STARTTLS, TLS or none")]
    if given["way"] == SERVER and not re.fullmatch(r"[A-Za-z0-9.:_-]+", given["host"]):
        errors["host"] = [_("wanted the name of a server, such as smtp.example.com")]
    if given["port"] and not (given["port"].isascii() and given["port"].isdigit() and 0 < int(given["port"]) < 65536):
        errors["port"] = [_("wanted a whole number from 1 to 65535, or nothing for the usual port")]
    if given["sender"]:
        try:
            given["sender"] = checked_address(given["sender"])
        except Invalid as fault:
            errors["sender"] = [fault.message]
    if errors:
        raise Invalid(_("Some values are not accepted."), errors)
    values: dict[str, object] = {f"mailing.{name}": value for name, value in given.items()}
    values["mailing.port"] = int(given["port"]) if given["port"] else None
    kept = read_options()
    if password:
        values["mailing.password"] = seal(password)
    elif not given["user"] or (given["host"], given["user"]) != (kept.host, kept.user):
        values["mailing.password"] = ""
    return values

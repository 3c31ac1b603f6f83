"""What of the database belongs into an archive: everything but the ways in, and what is only true of one installation.

A module says it about a table or a column of its own by `info={"archive": "secret"}` (a way in) or "transient" (worth
nothing elsewhere). Beyond that, whatever is named like a secret stays out: a column of a record loses its value, any
other table is left out as a whole. And a sealed password is taken out wherever it stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from kumiko.archive.tables import StoredTable
from kumiko.host.generation import Generation

SECRET, TRANSIENT = "secret", "transient"
_NAMED_SECRET = re.compile(
    r"(^|_)(hash|secret|secrets|sealed|password|passwd|token|otp|totp|recovery|private_key|api_key)(_|$)"
)
_SEALED = re.compile(rb"sealed:1:[A-Za-z0-9_=-]+|\$argon2[a-z]*\$[^\"\\ ]+")
_TRANSIENT = {
    "host_counter", "host_revision", "host_process", "host_failure", "access_attempt", "jobs_beat", "admin_time_spent",
    "records_idempotency", "mailing_attachment", "integrations_hit",
}  # fmt: skip
#: columns that stay empty, since what is in them lets somebody in or says nothing elsewhere
_BLANK: dict[str, dict[str, Any]] = {
    "mailing_mail": {"text": "", "html": ""},  # may hold links that let somebody in
    "records_unit": {"xact": None},  # PostgreSQL's own number of a transaction
}
_RECORD = {"id", "version", "deleted_at", "custom"}  # columns by which a table of records is known


@dataclass(frozen=True)
class Rule:
    """What of a table goes: not at all (`left_out` says why), or these columns, those of `blank` with a fixed value."""

    left_out: str = ""
    columns: tuple[str, ...] = ()
    blank: Mapping[str, Any] = field(default_factory=dict)
    where: Any = None


def rule_of(one: StoredTable, declared: Mapping[str, Mapping[str, str]]) -> Rule:
    """The rule of a table; `declared` is what `declarations` gives."""
    said = declared.get(one.name, {})
    word = said.get("", TRANSIENT if one.name in _TRANSIENT else "")
    if word:
        return Rule(left_out=REASONS.get(word, word))
    hidden = {name for name in one.kinds if said.get(name) or (name not in said and _NAMED_SECRET.search(name))}
    if hidden and (not one.kinds.keys() >= _RECORD or hidden & set(one.key)):
        return Rule(left_out=REASONS[SECRET])
    columns = tuple(name for name in one.columns if name not in hidden)
    return Rule(columns=columns, blank=_BLANK.get(one.name, {}), where=_limit(one))


REASONS = {
    SECRET: "passwords, tokens and other ways in stay where they are",
    TRANSIENT: "says something about this installation only",
}


def declarations(generation: Generation) -> dict[str, dict[str, str]]:
    """Table -> column ("" for the table) -> "secret" or "transient", as modules that are on declare it."""
    found: dict[str, dict[str, str]] = {}
    for loaded in generation.plugins.values():
        for table in loaded.tables:
            said = {column.name: str(column.info["archive"]) for column in table.c if "archive" in column.info}
            if "archive" in table.info:
                said[""] = str(table.info["archive"])
            if said:
                found[table.name] = said
    return found


def without_secrets(line: bytes) -> bytes:
    """A line of an archive without sealed or hashed passwords, wherever they stand in it."""
    return _SEALED.sub(b"", line) if b"sealed:1:" in line or b"$argon2" in line else line


def _limit(one: StoredTable) -> Any:
    """Which rows go: settings that are worth something elsewhere, jobs that wait, mails that are not on their way."""
    table = one.table
    if one.name == "host_setting":
        return sa.not_(table.c.key.like("host.checked.%")) & (table.c.key != "host.restart")
    if one.name == "jobs_job":
        return table.c.status == "ready"
    if one.name == "jobs_key":
        jobs = sa.table("jobs_job", sa.column("id"), sa.column("status"))
        return table.c.job_id.in_(sa.select(jobs.c.id).where(jobs.c.status == "ready"))
    if one.name == "mailing_mail":
        return table.c.state != "queued"
    return None

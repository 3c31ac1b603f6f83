"""Background work: the package of a person, and an erasure. What they are about travels sealed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from secrets import token_hex
from typing import Any

import orjson
import sqlalchemy as sa

from kumiko.access import audit
from kumiko.archive import tables
from kumiko.host.columns import utc_now
from kumiko.host.context import current, principal, transaction
from kumiko.host.errors import Conflict, Forbidden, Invalid, NotFound
from kumiko.host.generation import Generation
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.host.scoping import trusted
from kumiko.jobs import enqueue, sliced
from kumiko.jobs.job import JobContext
from kumiko.jobs.models import READY, RUNNING, job_table
from kumiko.privacy import erased, erasing, finding, persons
from kumiko.privacy.terms import Terms, require
from kumiko.secrets import seal, unseal

EXPORT, ERASE, FORGET = "privacy.export", "privacy.erase", "privacy.forget_packages"
LABELS = {
    EXPORT: _l("Write the package of a person"),
    ERASE: _l("Erase a person"),
    FORGET: _l("Remove old packages of persons"),
}
READ_RIGHT, ERASE_RIGHT = "privacy.read", "privacy.erase"
KEPT_DAYS = 7


def generation() -> Generation:
    found = current().generation
    if found is None:
        raise NotFound(_("No application is built yet."))
    return found


def sealed(terms: Terms, person_ids: Sequence[int], **more: Any) -> str:
    """Who is meant, as text that says nothing to whoever lacks the key of this installation."""
    said = {"emails": sorted(terms.emails), "phones": sorted(terms.phones), "names": sorted(terms.names)}
    return seal(orjson.dumps({**said, "persons": list(person_ids), **more}).decode())


def opened(text: str) -> tuple[Terms, list[int], dict[str, Any]]:
    """(terms, ids of persons, what else was said) of such a text."""
    if not text:
        raise Invalid(_("Nobody was named; look the person up first."))
    said: dict[str, Any] = orjson.loads(unseal(text))
    terms = Terms.of(emails=said.pop("emails"), phones=said.pop("phones"), names=said.pop("names"))
    return terms, [int(one) for one in said.pop("persons")], said


def look_up(terms: Terms, person_ids: list[int]) -> finding.Report:
    """Everything about somebody; Forbidden without the right, Invalid when nobody is meant."""
    _need(READ_RIGHT)
    if not person_ids:
        require(terms)
    audit.note("privacy.find")
    return finding.find(current().database, generation(), generation().config.home, terms, person_ids)


def order_package(terms: Terms, person_ids: list[int]) -> int:
    """Have the package written; gives the job's id."""
    _need(READ_RIGHT)
    with current().database.reader.connect() as connection:
        _one(persons.meant(connection, tables.stored_tables(connection), terms, person_ids))
    with transaction():
        audit.note("export", what="person")
        return enqueue(EXPORT, {"who": sealed(terms, person_ids)}, max_attempts=2)


def order_erasure(terms: Terms, person_ids: list[int], *, keep: bool, reason: str) -> int:
    """Have somebody erased; gives the job's id. Conflict when it is somebody who works here."""
    _need(ERASE_RIGHT)
    with current().database.reader.connect() as connection:
        there = tables.stored_tables(connection)
        meant = _one(persons.meant(connection, there, terms, person_ids))
        persons.refuse_users(connection, there, meant.terms)
    with transaction():
        audit.note("privacy.erase")
        reason = (meant.terms | meant.shared).cleaned(reason)[:500]
        who = sealed(meant.terms, meant.ids, keep=keep, reason=reason, by=principal().name,
                     word=token_hex(16))  # fmt: skip
        return enqueue(ERASE, {"who": who}, max_attempts=3)


def packages() -> list[Path]:
    """Packages that were written, the newest first."""
    folder = generation().config.home / "exports"
    found = [path for path in folder.glob("person-*.zip") if path.stem.removeprefix("person-").isdigit()]
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def under_way() -> set[str]:
    """Kinds of work that wait or run."""
    wanted = job_table.c.name.in_((EXPORT, ERASE)) & job_table.c.status.in_((READY, RUNNING))
    return set(trusted(sa.select(job_table.c.name).where(wanted)).scalars())


@sliced
def write_package(job: JobContext) -> None:
    terms, person_ids, _more = opened(str(job.payload["who"]))
    home = generation().config.home
    path = home / "exports" / f"person-{job.id}.zip"
    counts = finding.write_package(path, current().database, generation(), home, terms, person_ids)
    _forget_payload(job)
    job.progress(sum(counts.values()), sum(counts.values()))


@sliced
def erase(job: JobContext) -> None:
    """Killed halfway, it begins again: what is gone already is not found a second time."""
    database, home = current().database, generation().config.home
    terms, person_ids, more = opened(str(job.payload["who"]))
    with tables.snapshot(database) as connection:
        there = tables.stored_tables(connection)
        terms |= persons.meant(connection, there, terms, person_ids).terms if person_ids else Terms()

    def beat(what: str) -> None:
        job.progress(0, None, what)
        job.heartbeat()

    with job.slice():  # names and addresses found above are kept for an attempt after this one
        sealed_again = {"who": sealed(terms, person_ids, **more)}
        trusted(sa.update(job_table).where(job_table.c.id == job.id).values(payload=sealed_again))
    found = erasing.erase(database, generation(), home, terms, person_ids, keep=bool(more["keep"]), beat=beat)
    erased.note(
        database, generation().config, terms, person_ids, found, by=str(more["by"]), reason=str(more["reason"]),
        keep=bool(more["keep"]), word=str(more["word"]),
    )  # fmt: skip
    _forget_payload(job)
    job.progress(1, 1)


@sliced
def forget_packages(job: JobContext) -> None:
    """A package is made to be taken along; it does not stay on the server."""
    limit = utc_now().timestamp() - KEPT_DAYS * 24 * 3600
    for path in packages():
        if path.stat().st_mtime < limit:
            path.unlink(missing_ok=True)
    job.progress(1, 1)


def _forget_payload(job: JobContext) -> None:
    with job.slice():
        trusted(sa.update(job_table).where(job_table.c.id == job.id).values(payload={}))


def _one(meant: persons.Meant) -> persons.Meant:
    """Conflict when several persons are meant, Invalid when nobody is."""
    if meant.choice:
        names = ", ".join(f"{one.name} ({one.id})" for one in meant.choice[:10])
        raise Conflict(_("Several persons are meant: %(names)s. Choose one of them.", names=names))
    if not meant.ids:
        require(meant.terms)
    return meant


def _need(right: str) -> None:
    if not principal().may(right):
        raise Forbidden(_("Your role does not allow you to look for the personal data of somebody."))

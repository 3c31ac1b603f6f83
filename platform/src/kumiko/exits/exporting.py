"""Before an export leaves: its line in the log, the limit per user and day, and its mark.

The line is written before the first record leaves. Above the limit the export is refused, or waits for the word of
somebody's head, as the settings say; who was allowed fetches it once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, insert, select, update

from kumiko.exits import marks
from kumiko.exits.models import ALLOWED, DENIED, DONE, REFUSED, RUNNING, WAITING, exports
from kumiko.exits.watchers import watched_by_me, watchers_of
from kumiko.host import settings
from kumiko.host.columns import utc_now
from kumiko.host.context import Principal, current, principal, transaction
from kumiko.host.errors import Conflict, Forbidden, Invalid, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.host.scoping import trusted
from kumiko.notify.services import notify_people
from kumiko.records.catalogue import TypeInfo, catalogue

ROWS_PER_DAY = 10_000
ALLOWED_FOR = timedelta(days=1)
PAGE = "/exports"


@dataclass(frozen=True)
class Leaving:
    """An export that may leave. `signs`: its mark, "" for what bears none; `id` None: nothing is logged here."""

    id: int | None
    signs: str

    def finish(self, row_count: int) -> None:
        """Write down how many records left."""
        if self.id is not None:
            with transaction():
                trusted(update(exports).where(exports.c.id == self.id).values(row_count=row_count, status=DONE))


def begin(
    info: TypeInfo,
    file_format: str,
    *,
    question: dict[str, Any],
    fields: Sequence[str],
    count: Callable[[int], int],
) -> Leaving:
    """Let an export leave, or raise Forbidden with what to do. `count(n)`: how many records it has, counted up to n."""
    generation, person = current().generation, principal()
    if generation is None or not _guards():
        return Leaving(None, "")
    chosen = settings.section("exits")
    allowed = _take_allowed(person, info, file_format, question)
    if allowed is None:
        _refuse_above(chosen, info, file_format, question, fields, count)
        with transaction():
            export_id = _log(info, file_format, question, fields, 0, RUNNING)
    else:
        export_id = allowed
    if person.user_id is None or file_format == "json" or not chosen["mark"]:
        return Leaving(export_id, "")
    mark = marks.Mark(person.user_id, utc_now(), export_id)
    return Leaving(export_id, marks.sealed(mark, generation.config.secret_key))


def _guards() -> bool:
    """Whether exports are watched here; Forbidden for somebody who looks through another person's eyes."""
    generation, person = current().generation, principal()
    if person.viewed_by_id is not None:
        raise Forbidden(_("You are looking through the eyes of %(name)s; take data out as yourself.", name=person.name))
    return generation is not None and "exits" in generation.state


def note_other(info: TypeInfo, question: dict[str, Any]) -> None:
    """Write down an export that a module makes of its own (a report, a history): how many rows is not known here."""
    if _guards():
        with transaction():
            _log(info, "file", question, (), 0, DONE)


def _log(
    info: TypeInfo, file_format: str, question: dict[str, Any], fields: Sequence[str], rows: int, status: str
) -> int:
    person = principal()
    values = {
        "at": utc_now(), "user_id": person.user_id, "user_name": person.name[:200], "collection": info.collection,
        "file_format": file_format, "question": question, "fields": list(fields), "row_count": rows, "status": status,
    }  # fmt: skip
    return int(trusted(insert(exports).values(values).returning(exports.c.id)).scalar_one())


def _take_allowed(person: Principal, info: TypeInfo, file_format: str, question: dict[str, Any]) -> int | None:
    """The id of an export that somebody allowed; it is used up by this."""
    if person.user_id is None:
        return None
    query = select(exports.c.id, exports.c.question).where(
        exports.c.user_id == person.user_id, exports.c.status == ALLOWED, exports.c.collection == info.collection,
        exports.c.file_format == file_format, exports.c.decided_at > utc_now() - ALLOWED_FOR,
    )  # fmt: skip
    for row in trusted(query).all():
        if row.question == question:
            with transaction():
                taken = update(exports).where(exports.c.id == row.id, exports.c.status == ALLOWED)
                if trusted(taken.values(status=RUNNING, at=utc_now())).rowcount:
                    return int(row.id)
    return None


def taken_today(user_id: int) -> int:
    """How many records a user took out in the last 24 hours."""
    query = select(func.coalesce(func.sum(exports.c.row_count), 0)).where(
        exports.c.user_id == user_id, exports.c.status.in_((DONE, RUNNING)), exports.c.at > utc_now() - ALLOWED_FOR,
        exports.c.decided_at.is_(None),
    )  # fmt: skip
    return int(trusted(query).scalar_one())


def check_role_limits(text: Any) -> str:
    """Lines "role = number" as they are kept; Invalid with a sentence for any other."""
    _role_limits(str(text or ""))
    return str(text or "")


def _role_limits(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in filter(str.strip, text.splitlines()):
        role, sign, number = (part.strip() for part in line.partition("="))
        if not sign or not role or not number.isascii() or not number.isdecimal() or len(number) > 9:
            sentence = _("%(line)r is not understood; wanted a line such as “seller = 500”", line=line.strip()[:80])
            raise Invalid(sentence, {"rows_per_role": [sentence]})
        found[role] = int(number)
    return found


def limit_of(roles: Collection[str], chosen: Mapping[str, Any]) -> int:
    """How many records somebody with these roles may take out a day; 0: any number. The largest of their roles."""
    usual = int(chosen["rows_per_day"] or 0)
    limits = _role_limits(chosen.get("rows_per_role") or "")
    own = [limits.get(role, usual) for role in roles] or [usual]
    return 0 if 0 in own else max(own)


def _refuse_above(
    chosen: dict[str, Any],
    info: TypeInfo,
    file_format: str,
    question: dict[str, Any],
    fields: Sequence[str],
    count: Callable[[int], int],
) -> None:
    person = principal()
    most = limit_of(person.roles, chosen)
    if person.is_administrator or person.user_id is None or not most:
        return
    left = max(most - taken_today(person.user_id), 0)
    rows = count(left + 1)
    if rows <= left:
        return
    asks = chosen["above"] == "ask"
    with transaction():
        export_id = _log(info, file_format, question, fields, rows, WAITING if asks else REFUSED)
        what = inside(info.type.label_plural)
        told = (
            _("%(name)s asks to export %(what)s above the limit of %(most)d a day.", name=person.name, what=what,
              most=most)
            if asks
            else _("%(name)s was refused an export of %(what)s above the limit of %(most)d a day.", name=person.name,
                   what=what, most=most)
        )  # fmt: skip
        notify_people(watchers_of(person.user_id), told, href=PAGE, key=f"export {export_id}")
    if asks:
        raise Forbidden(
            _(
                "You may take out %(most)d records a day, %(left)d are left today. Your head was asked about this one; "
                "once it is allowed, export it again.",
                most=most,
                left=left,
            )
        )
    raise Forbidden(
        _(
            "You may take out %(most)d records a day, %(left)d are left today. Narrow the list, or go on tomorrow.",
            most=most,
            left=left,
        )
    )


def decide(export_id: int, *, allow: bool) -> str:
    """Allow or deny a waiting export, as head or administrator; gives the asker's name. They are told."""
    row = trusted(select(exports).where(exports.c.id == export_id)).mappings().first()
    mine = watched_by_me()
    if row is None or (mine is not None and row["user_id"] not in mine):
        raise NotFound(_("There is no such export."))
    if row["status"] != WAITING or row["user_id"] == principal().user_id:
        raise Conflict(_("Nobody waits for your word on this export."))
    status = ALLOWED if allow else DENIED
    decided: dict[str, Any] = {"status": status, "decided_by_id": principal().user_id, "decided_at": utc_now()}
    with transaction():
        trusted(update(exports).where(exports.c.id == export_id, exports.c.status == WAITING).values(decided))
        info = catalogue().by_collection.get(row["collection"])
        what = inside(info.type.label_plural) if info is not None else row["collection"]
        said = (
            _("Your export of %(what)s is allowed: fetch it within a day.", what=what)
            if allow
            else _("Your export of %(what)s is not allowed.", what=what)
        )
        href = f"/{row['collection']}" if info is not None else ""
        notify_people([row["user_id"]], said, href=href, key=f"export {export_id} {status}")
    return str(row["user_name"])


def newest(limit: int, *, before: int | None = None, user_id: int | None = None) -> list[Any]:
    """Lines of the log that the acting person may read, newest first."""
    query = select(exports).order_by(exports.c.id.desc()).limit(limit)
    mine = watched_by_me()
    if mine is not None:
        query = query.where(exports.c.user_id.in_(mine))
    if before is not None:
        query = query.where(exports.c.id < before)
    if user_id is not None:
        query = query.where(exports.c.user_id == user_id)
    return list(trusted(query).mappings())


def line_of(mark: marks.Mark) -> Any:
    """The log's line of a mark: a row or None; the acting person must be able to read it."""
    row = trusted(select(exports).where(exports.c.id == mark.export_id)).mappings().first()
    mine = watched_by_me()
    if row is None or (mine is not None and row["user_id"] not in mine):
        return None
    return row

"""The first five things to do. Each looks at the data whether it is done; nothing is kept per click."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select

from kumiko.access.models import USER
from kumiko.host import settings
from kumiko.host.columns import table_of
from kumiko.host.context import Principal, current, principal, transaction
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.host.scoping import trusted
from kumiko.imports.models import DONE, ImportRun
from kumiko.records import demo, rights
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.web.viewmodels import Action, Tick

HIDDEN = "admin.ticks_hidden"  # ids of users who put the steps away
MOST = 5
_run = table_of(ImportRun)


def ticks() -> tuple[Tick, ...]:
    """The steps that this person may take; empty when put away or when all are done."""
    person = principal()
    if person.read_only or person.user_id in settings.get(HIDDEN, []):
        return ()
    found = tuple(_steps(person))[:MOST]
    return () if all(one.done for one in found) else found


def _steps(person: Principal) -> Iterable[Tick]:
    sample = demo.present()
    customers = [info for info in catalogue().types.values() if info.plugin == "parties"]
    first = next((info for info in customers if _may_create(info, person)), None)
    if first is not None:
        yield Tick(
            key="customer",
            title=_("Add a customer"),
            text=_("Somebody you talk to this week. A name is enough."),
            action=_new(first),
            done=any(_has_own(info, sample) for info in customers),
        )
    for info in _work(person):
        if info.type.timeline_kind:
            yield Tick(
                key=info.collection,
                title=_("Write down a call"),
                text=_("What was said, and what comes next. It shows on the customer's page."),
                action=_new(info),
                done=_has_own(info, sample),
            )
        else:
            yield Tick(
                key=info.collection,
                title=_("Add your first %(what)s", what=inside(info.type.label)),
                text=_("Choose the customer and give it a name; the rest can wait."),
                action=_new(info),
                done=_has_own(info, sample),
            )
    if person.may("users.edit"):
        users = catalogue().get(USER)
        yield Tick(
            key="colleague",
            title=_("Invite a colleague"),
            text=_("They get a link and see what their role allows."),
            action=Action(_("Invite"), "/admin/users/new", "plus"),
            done=_has_own(users, sample, more_than=1),
        )
    if person.may("import.run"):
        yield Tick(
            key="import",
            title=_("Bring your own list"),
            text=_("A CSV or Excel file. It is checked before anything is written, and can be undone."),
            action=Action(_("Import"), "/import", "file-import"),
            done=trusted(select(_run.c.id).where(_run.c.status == DONE).limit(1)).first() is not None,
        )


def _work(person: Principal) -> list[TypeInfo]:
    """The first two record types that modules bring: what is worked on, and what is written down about it."""
    generation = current().generation
    plugins = {} if generation is None else generation.plugins
    found = [
        info
        for info in catalogue().types.values()
        if info.type.menu
        and not info.type.dictionary
        and not plugins[info.plugin].manifest.core
        and _may_create(info, person)
    ]
    main = [info for info in found if not info.type.timeline_kind][:1]
    notes = [info for info in found if info.type.timeline_kind][:1]
    return [*main, *notes]


def _may_create(info: TypeInfo, person: Principal) -> bool:
    return info.type.creatable and rights.level(info, person, "create") != "none"


def _new(info: TypeInfo) -> Action:
    return Action(_("Add"), f"/{info.collection}/new", "plus")


def _has_own(info: TypeInfo, sample: bool, *, more_than: int = 0) -> bool:
    """Whether there is a record that is no sample: with sample data around, one that a person made."""
    rows = info.table
    query: Any = select(rows.c.id).where(rows.c.deleted_at.is_(None)).limit(1)
    if sample:
        return trusted(query.where(rows.c.created_by_id.is_not(None))).first() is not None
    if more_than:
        few = query.limit(more_than + 1).subquery()
        return (trusted(select(func.count()).select_from(few)).scalar() or 0) > more_than
    return trusted(query).first() is not None


def put_away(hidden: bool) -> None:
    """Hide the steps from this person, or show them again."""
    me = principal().user_id
    if me is None:
        return
    with transaction():
        others = [one for one in settings.get(HIDDEN, []) if one != me]
        settings.put({HIDDEN: [*others, me] if hidden else others})


def are_hidden() -> bool:
    """Whether this person has put the steps away."""
    return principal().user_id in settings.get(HIDDEN, [])

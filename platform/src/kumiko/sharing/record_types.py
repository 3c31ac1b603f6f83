"""The record type of shares: one record, one colleague or team, reading or editing. Journaled and undoable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from kumiko.access import principals
from kumiko.access.models import TEAM, USER, Team, User, table
from kumiko.host.columns import table_of
from kumiko.host.context import principal
from kumiko.host.declarations import Choice, Field, RecordType
from kumiko.host.errors import Forbidden
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.host.scoping import trusted
from kumiko.notify.services import notify_people
from kumiko.records import rights
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.records.drafts import Draft
from kumiko.records.hanging import HangingRecordType
from kumiko.sharing.models import SHARE, SharedRecord

MOST_TOLD = 100
_shares, _user, _team = table_of(SharedRecord), table(User), table(Team)


def share() -> RecordType:
    return HangingRecordType(
        key=SHARE,
        collection="shares",
        label=_l("Share"),
        label_plural=_l("Shares"),
        icon="users",
        hue="cyan",
        model=SharedRecord,
        searched=False,  # one looks for the record, and its card says with whom it is shared
        fields=(
            Field(name="name", kind="text", label=_l("Name"), writable=False),
            Field(name="record", kind="record", label=_l("Record"), required=True),
            Field(name="with_user", kind="link", label=_l("With whom"), to=USER),
            Field(name="with_team", kind="link", label=_l("With which team"), to=TEAM),
            Field(
                name="access",
                kind="choice",
                label=_l("May"),
                required=True,
                default="read",
                choices=(Choice(key="read", label=_l("Read")), Choice(key="edit", label=_l("Change"))),
            ),
        ),
        list_columns=("name", "record", "access", "created_by", "created_at"),
        prepare=prepare,
        after=tell,
        importable=False,
        timeline=False,
        menu=False,
    )


def may_share(info: TypeInfo, record_id: int) -> bool:
    """Whether the acting person may say who else sees a record: whoever may give it away."""
    return bool(rights.allowed(info, "assign", [record_id]))


def prepare(draft: Draft) -> None:
    """Rules of a share: for whom, of what, by whom; the same record is shared with somebody once."""
    kept = draft.get("record")
    info = catalogue().find(kept.type_key) if kept is not None else None
    if info is None:
        return  # without a record the service refuses it; while the type's module is off a share gives nothing
    if not may_share(info, kept.id) and not draft.replaying:
        raise Forbidden(
            _("Only those who may give this %(what)s to somebody may share it.", what=inside(info.type.label))
        )
    if draft.action == "deleted":
        return
    if not draft.is_new and draft.changes("record"):
        draft.guard("record", _("A share stays with its record; make another one."))
    user_id, team_id = draft.get("with_user"), draft.get("with_team")
    if (user_id is None) == (team_id is None):
        draft.refuse("with_user", _("Say either with whom or with which team."))
        return
    access = draft.get("access")
    if user_id is not None and not draft.replaying:
        _refuse_useless(draft, info, user_id, access)
    holder = _shares.c.with_user_id == user_id if user_id is not None else _shares.c.with_team_id == team_id
    same = select(_shares.c.id).where(_shares.c.record_id == kept.id, holder, _shares.c.deleted_at.is_(None))
    if not draft.replaying and any(found != draft.record_id for found in trusted(same).scalars()):
        draft.refuse("with_user" if user_id is not None else "with_team", _("It is shared with them already."))
    name = _name_of(user_id, team_id)
    draft.set(
        "name", _("%(name)s may change it", name=name) if access == "edit" else _("%(name)s may read it", name=name)
    )


def tell(drafts: Sequence[Draft]) -> None:
    """Whoever got a record is told; the notice hides itself from those who may no longer see it."""
    me = principal()
    for draft in drafts:
        if not draft.is_new or draft.replaying:
            continue
        kept = draft.get("record")
        info = catalogue().get(kept.type_key)
        user_id, team_id = draft.get("with_user"), draft.get("with_team")
        members = select(_user.c.id).where(
            _user.c.team_id == team_id, _user.c.active.is_(True), _user.c.deleted_at.is_(None)
        )
        people = [user_id] if user_id is not None else list(trusted(members.limit(MOST_TOLD)).scalars())
        title = trusted(select(info.table.c.name).where(info.table.c.id == kept.id)).scalar()
        text = _(
            "%(by)s shared a record with you (%(what)s): %(title)s",
            by=me.name,
            what=inside(info.type.label),
            title=title,
        )
        others = [one for one in people if one != me.user_id]
        notify_people(others, text, href=f"/{info.collection}/{kept.id}", type_key=info.key, record_id=kept.id)


def _refuse_useless(draft: Draft, info: TypeInfo, user_id: int, access: Any) -> None:
    person = principals.principal_for_user(user_id)
    if person is None:
        draft.refuse("with_user", _("This user is not active."))
    elif rights.level(info, person, "read") == "none":
        draft.refuse("with_user", _("The role of %(name)s does not open %(what)s at all.", name=person.name,
                                    what=inside(info.type.label_plural)))  # fmt: skip
    elif access == "edit" and rights.level(info, person, "edit") == "none":
        draft.refuse("access", _("The role of %(name)s does not allow to change %(what)s; share it for reading.",
                                 name=person.name, what=inside(info.type.label_plural)))  # fmt: skip


def _name_of(user_id: int | None, team_id: int | None) -> str:
    rows = _user if user_id is not None else _team
    found = trusted(select(rows.c.name).where(rows.c.id == (user_id if user_id is not None else team_id))).scalar()
    return str(found or "")[:200]

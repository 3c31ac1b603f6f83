"""The record type of hand-overs. The service alone makes them; undoing the group moves saved lists back, too."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import update

from kumiko.access.models import USER
from kumiko.host.columns import table_of
from kumiko.host.context import principal
from kumiko.host.declarations import Choice, Field, RecordType
from kumiko.host.errors import Forbidden
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.host.scoping import trusted
from kumiko.leaving.models import HAND_OVER, HandOver
from kumiko.records.drafts import Draft
from kumiko.records.models import SavedView

_view = table_of(SavedView)
_NOBODY = dict.fromkeys(("read", "create", "edit", "delete", "export", "bulk", "assign"), "none")


def hand_over() -> RecordType:
    return RecordType(
        key=HAND_OVER,
        collection="hand-overs",
        label=_l("Hand-over"),
        label_plural=_l("Hand-overs"),
        icon="user-minus",
        hue="violet",
        model=HandOver,
        fields=(
            Field(name="name", kind="text", label=_l("Name"), writable=False),
            Field(name="person", kind="link", label=_l("Who leaves"), to=USER, writable=False),
            Field(name="successors", kind="json", label=_l("Successors"), writable=False, sortable=False,
                  filterable=False, history=False),
            Field(name="rule", kind="choice", label=_l("Distributed"), writable=False, default="one", choices=(
                Choice(key="one", label=_l("to one")), Choice(key="even", label=_l("evenly")),
                Choice(key="team", label=_l("evenly within teams")),
            )),
            Field(name="moved", kind="integer", label=_l("Records moved"), writable=False),
            Field(name="refused", kind="integer", label=_l("Records that could not move"), writable=False),
            Field(name="group_id", kind="integer", label=_l("Group"), writable=False),
            Field(name="job_id", kind="integer", label=_l("Job"), writable=False),
            Field(name="views", kind="json", label=_l("Saved lists that moved"), writable=False, sortable=False,
                  filterable=False),
        ),
        list_columns=("name", "person", "rule", "moved", "refused", "created_at"),
        default_sort="-created_at",
        grants={"head": _NOBODY, "seller": _NOBODY, "analyst": _NOBODY},
        prepare=prepare,
        after=move_views,
        importable=False,
        creatable=False,
        menu=False,
        timeline=False,
    )  # fmt: skip


def prepare(draft: Draft) -> None:
    """Only whoever may change users hands over, or takes it back."""
    if not principal().may("users.edit"):
        raise Forbidden(_("Your role does not allow you to change users; ask an administrator."))


def move_views(drafts: Sequence[Draft]) -> None:
    """Saved lists follow the field that names them: there they moved, and back when an undo empties it."""
    for draft in drafts:
        if not draft.changes("views"):
            continue
        before, after = draft.before("views") or {}, draft.get("views") or {}
        for view_id, said in before.items():
            if view_id not in after:
                _move(int(view_id), said["to"], said["from"])
        for view_id, said in after.items():
            if view_id not in before:
                _move(int(view_id), said["from"], said["to"])


def _move(view_id: int, giver: int, taker: int) -> None:
    trusted(update(_view).where(_view.c.id == view_id, _view.c.user_id == giver).values(user_id=taker))

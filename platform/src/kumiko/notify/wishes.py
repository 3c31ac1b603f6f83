"""By which way each user wants which kind of notice: under the bell, also by mail, or not at all.

The kind of a notice is the module that tells it, or a word of the core: "mention" for being named by a colleague,
"safety" for the safety of one's account, which nobody can switch off. Without a choice the box of the profile page
("Notices by mail, too") counts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, insert, select

from kumiko.access.models import User
from kumiko.host.columns import table_of
from kumiko.host.context import current, principal, transaction
from kumiko.host.errors import Forbidden, Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.notify.models import wishes

BELL, MAIL, NONE = "bell", "mail", "none"
MENTION, SAFETY, OTHER = "mention", "safety", "other"
_READ = "notify.wishes"
_user = table_of(User)
_BY_MAIL = select(_user.c.id).where(
    _user.c.notices_by_mail.is_(True),
    _user.c.active.is_(True),
    _user.c.deleted_at.is_(None),
    _user.c.email.is_not(None),
)


@dataclass(frozen=True, kw_only=True)
class KindWish:
    """A kind of notice and the chosen way; "" when the box of the profile page counts."""

    kind: str
    label: str
    way: str
    may_be_off: bool


def kind_of(key: str | None, type_key: str) -> str:
    """The kind of a notice about an occasion ("tasks.remind:17") or a record."""
    occasion = (key or "").partition(":")[0]
    if occasion.endswith(".mention") or occasion == MENTION:
        return MENTION
    module = (occasion if "." in occasion else type_key).partition(".")[0]
    return module[:40] or OTHER


class Chosen:
    """What users want for one kind; read once per transaction, however many are told something in it."""

    def __init__(self, kind: str) -> None:
        kept = current().session.info.setdefault(_READ, {})
        if kind not in kept:
            found = trusted(select(wishes.c.user_id, wishes.c.way).where(wishes.c.kind == kind)).all()
            kept[kind] = {row.user_id: row.way for row in found}
        if _BY_MAIL not in kept:
            kept[_BY_MAIL] = frozenset(trusted(_BY_MAIL).scalars())
        self._ways: Mapping[int, str] = kept[kind]
        self._by_mail: Collection[int] = kept[_BY_MAIL]

    def wants(self, user_id: int) -> bool:
        """Whether it is told at all."""
        return self._ways.get(user_id, BELL) != NONE

    def wants_mail(self, user_id: int) -> bool:
        way = self._ways.get(user_id, "")
        return way == MAIL if way else user_id in self._by_mail


def own_wishes() -> list[KindWish]:
    """The acting person's choices for every kind that is told here."""
    user_id = principal().user_id
    query = select(wishes.c.kind, wishes.c.way).where(wishes.c.user_id == bindparam("me"))
    kept = {row.kind: row.way for row in trusted(query, {"me": user_id})}
    return [
        KindWish(kind=kind, label=label, way=kept.get(kind, ""), may_be_off=kind != SAFETY)
        for kind, label in kinds().items()
    ]


def kinds() -> dict[str, str]:
    """Kinds of notices by name: those of the core, then one for each module that is on."""
    generation = current().generation
    found = {MENTION: _("Somebody mentions you"), SAFETY: _("Safety of your account")}
    for name, loaded in ({} if generation is None else generation.plugins).items():
        if not loaded.manifest.core:
            found[name] = str(loaded.manifest.title)
    return found


def choose(chosen: Mapping[str, str]) -> None:
    """Keep the acting person's choices (kind -> way, "" for as the box says); Invalid for what there is not."""
    person = principal()
    if person.user_id is None or person.read_only:
        raise Forbidden(_("Nothing can be changed here: you are only reading."))
    known = kinds()
    for kind, way in chosen.items():
        if kind not in known or way not in ("", BELL, MAIL, NONE) or (kind == SAFETY and way == NONE):
            sentence = _("%(way)r is no way to tell about %(kind)r", way=way[:20], kind=kind[:40])
            raise Invalid(sentence, {kind: [sentence]})
    rows = [{"user_id": person.user_id, "kind": kind, "way": way} for kind, way in chosen.items() if way]
    with transaction():
        trusted(delete(wishes).where(wishes.c.user_id == person.user_id, wishes.c.kind.in_(list(chosen))))
        if rows:
            trusted(insert(wishes), rows)

"""The bin: deleted records of all types or of one, restored one by one or many at once; erased by administrators."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from flask import Response, request

from kumiko.host.context import principal
from kumiko.host.errors import Conflict, Forbidden, Invalid, KumikoError, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.records import bin as binned
from kumiko.records import erasing, forms, rights, service
from kumiko.records.bin import Binned
from kumiko.records.catalogue import TypeInfo
from kumiko.records.record_refs import RecordRef, ref_of
from kumiko.records.units import group
from kumiko.web import formats
from kumiko.web.answers import done, page
from kumiko.web.i18n import ngettext
from kumiko.web.journal import via_text
from kumiko.web.lists import link_to
from kumiko.web.types import type_of
from kumiko.web.viewmodels import Action, BinRow, BinView, Empty, EraseView, Link, Person, Toast

PAGE = 50
MOST = 500
PATH = "/bin"


def show() -> Response:
    """GET /bin: deleted records of all types, the newest first."""
    return _draw(None)


def show_type(collection: str) -> Response:
    """GET /COLLECTION/bin: those of one type."""
    return _draw(type_of(collection))


def _draw(info: TypeInfo | None) -> Response:
    known = binned.shown_types()
    q, mine = request.args.get("q", "").strip()[:200], request.args.get("mine") == "1"
    rows = binned.list_binned(
        [info] if info is not None else known, mine=mine, limit=PAGE + 1, before=_place(request.args.get("after", "")),
        q=q,
    )  # fmt: skip
    shown, path = rows[:PAGE], _path(info)
    kept = [pair for pair in (("q", q), ("mine", "1" if mine else "")) if pair[1]]
    more = ""
    if len(rows) > PAGE:
        last = shown[-1]
        more = f"{path}?{urlencode([*kept, ('after', f'{last.deleted_at.isoformat()}~{last.id}')])}"
    what = inside(info.type.label_plural) if info is not None else _("records")
    text = _("Nothing in it fits these words.") if q else _("Deleted %(what)s appear here.", what=what)
    view = BinView(
        crumbs=(link_to(info),) if info is not None else (),
        rows=tuple(_row(one) for one in shown),
        kinds=_kinds(known, info, kept),
        more_href=more,
        empty=Empty(_("The bin is empty") if not q else _("Nothing matches"), text, "trash"),
        action=path,
        q=q,
        mine_href=f"{path}?{urlencode([pair for pair in (('q', q), ('mine', '' if mine else '1')) if pair[1]])}",
        mine=mine,
        may_erase=principal().is_administrator and not principal().read_only,
        may_restore=not principal().read_only,
    )
    return page("kumiko/bin.html", v=view)


def _path(info: TypeInfo | None) -> str:
    return PATH if info is None else f"/{info.collection}/bin"


def _place(text: str) -> tuple[datetime, int] | None:
    at, mark, number = text.replace(" ", "+").partition("~")
    if not mark:
        return None
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not number.isdecimal() or len(number) > 18:
        raise Invalid(_("This place in the bin cannot be read; load the page again."))
    return moment, int(number)


def _kinds(known: list[TypeInfo], chosen: TypeInfo | None, kept: list[tuple[str, str]]) -> tuple[Link, ...]:
    counts = binned.counts(known)
    query = f"?{urlencode(kept)}" if kept else ""
    found = [Link(_("All"), f"{PATH}{query}", active=chosen is None)]
    for one in known:
        if one.key in counts or one is chosen:
            label = f"{one.type.label_plural} {formats.count_text(counts.get(one.key, 0))}"
            found.append(Link(label, f"/{one.collection}/bin{query}", active=one is chosen))
    return tuple(found) if len(found) > 1 else ()


def _row(one: Binned) -> BinRow:
    path = f"/{one.type.collection}/{one.id}"
    can = rights.level(one.type, principal(), "delete") != "none" and not principal().read_only
    restore = (
        Action(_("Restore"), f"{path}/restore", "restore", method="post")
        if can
        else Action(_("Restore"), path, "restore", disabled=_("Your role does not allow it."))
    )
    together = None
    if one.others and one.unit is not None and can:
        text = ngettext("Restore with %(num)s other", "Restore with %(num)s others", one.others)
        together = Action(text, f"/units/{one.unit}/undo", "arrow-back-up")
    return BinRow(
        title=one.title or str(one.id),
        type_label=str(one.type.type.label),
        icon=one.type.type.icon,
        who=Person.of(one.actor or _("Kumiko"), one.actor_id or 0),
        ago=formats.ago_text(one.deleted_at),
        at=forms.moment_text(one.deleted_at),
        at_text=formats.moment_text(one.deleted_at),
        via=via_text(one.via) if one.via and one.via != "web" else "",
        unit_href=f"/units/{one.unit}" if one.unit is not None else "",
        restore=restore,
        together=together,
        ref=RecordRef(one.type.key, one.id).text if can else "",
        href=path,
    )


def _chosen() -> list[RecordRef]:
    refs = [ref for text in request.form.getlist("ref")[:MOST] if (ref := ref_of(text)) is not None]
    if not refs:
        raise Invalid(_("No records are chosen."))
    return refs


def _back() -> str:
    path = request.form.get("_back", PATH)
    return path if path == PATH or (path.startswith("/") and path.endswith("/bin") and path.count("/") == 2) else PATH


def restore() -> Response:
    """POST /bin/restore: the chosen records, in one group; those that cannot come back are named."""
    refs, left = _chosen(), []
    back = 0
    with group(_("restored from the bin"), via="restore") as group_id:
        for ref in refs:
            try:
                service.restore(ref.type_key, ref.id)
            except (Invalid, Conflict, Forbidden, NotFound) as fault:
                left.append(_why(fault))
            else:
                back += 1
    text = ngettext("%(num)s record is back", "%(num)s records are back", back)
    if left:
        text += ". " + ngettext("%(num)s stays: %(why)s", "%(num)s stay: %(why)s", len(left), why=left[0])
    undo = f"/units/{group_id}/undo" if back else ""
    return done(_back(), Toast(text, undo=undo, tone="warn" if left else "ok"))


def _why(fault: KumikoError) -> str:
    lines = [line for said in getattr(fault, "errors", {}).values() for line in said]
    return " ".join(lines) or fault.message


def erase() -> Response:
    """POST /bin/erase: asks once more, then erases the chosen records for good."""
    if not principal().is_administrator or principal().read_only:
        raise Forbidden(_("Only administrators erase records for good."))
    refs = _chosen()
    if "_sure" not in request.form:
        view = EraseView(
            title=_("Erase for good"),
            text=ngettext(
                "%(num)s record and its history go for good. This cannot be taken back.",
                "%(num)s records and their history go for good. This cannot be taken back.",
                len(refs),
            ),
            action=f"{PATH}/erase",
            hidden=(("_sure", "1"), ("_back", _back()), *(("ref", ref.text) for ref in refs)),
            submit=_("Erase for good"),
            cancel_href=_back(),
            crumbs=(Link(_("Bin"), _back()),),
        )
        return page("kumiko/erase.html", v=view)
    result = erasing.erase([(ref.type_key, ref.id) for ref in refs])
    text = ngettext("%(num)s record is erased", "%(num)s records are erased", result.count)
    for title, why in result.left[:3]:
        text += ". " + _("“%(title)s” stays: %(why)s", title=title, why=why)
    return done(_back(), Toast(text, tone="warn" if result.left else "ok"))

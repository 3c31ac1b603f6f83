"""The page of personal data: who, where, a package to hand out, and erasing with proof."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, request, send_file
from werkzeug.wrappers import Response

from kumiko.access import audit
from kumiko.admin import desk
from kumiko.admin.desk import needs
from kumiko.archive import backups
from kumiko.host.context import principal
from kumiko.host.errors import Conflict, KumikoError, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.privacy import jobs, rules
from kumiko.privacy.finding import Report, label_of
from kumiko.privacy.models import erasures
from kumiko.privacy.terms import Terms
from kumiko.web import answers
from kumiko.web.formats import ago_text, moment_text, number_text, size_text
from kumiko.web.i18n import ngettext
from kumiko.web.viewmodels import Action, ImpactView, Toast

PAGE = "/admin/personal-data"
blueprint = Blueprint("privacy", __name__, url_prefix=PAGE, template_folder="templates")
blueprint.before_request(desk.check)
_SHOWN = 50


@dataclass(frozen=True)
class Proof:
    """An erasure as the page shows it: what was done, and what a search found afterwards."""

    id: int
    at: datetime
    when: str
    by: str
    reason: str
    what: str
    kept: str
    proof: str
    good: bool
    places: tuple[tuple[str, int], ...]
    kept_places: tuple[tuple[str, int], ...]
    left_places: tuple[tuple[str, int], ...]
    disk: str  # what became of former values in the files of the database


@blueprint.get("")
@needs("privacy.read")
def page() -> Response:
    person = desk.number_of(request.args.get("person", ""))
    if person is None:
        return _draw()
    try:
        return _draw(jobs.look_up(Terms(), [person]))
    except KumikoError as refusal:
        return _draw(refusal=refusal)


@blueprint.post("/find")
@needs("privacy.read")
def find() -> Response:
    """What is searched for travels in the body: addresses of pages are kept in logs."""
    terms, ids = _asked()
    try:
        return _draw(jobs.look_up(terms, ids))
    except KumikoError as refusal:
        return _draw(refusal=refusal)


@blueprint.post("/package")
@needs("privacy.read")
def order_package() -> Response:
    terms, ids, _more = jobs.opened(request.form.get("who", ""))
    jobs.order_package(terms, ids)
    return answers.done(PAGE, Toast(_("The package is being written; it appears here when it is done.")))


@blueprint.get("/packages/<file>")
@needs("privacy.read")
def download(file: str) -> Response:
    found = next((path for path in jobs.packages() if path.name == file), None)
    if found is None:
        raise NotFound(_("There is no such package; packages are removed after a week, and when somebody is erased."))
    audit.note("export", file, what="person")
    return send_file(found, mimetype="application/zip", as_attachment=True, download_name=found.name)


@blueprint.post("/ask")
@needs("privacy.erase")
def ask_erase() -> Response:
    """The second question: what will happen, and a word to type."""
    who = request.form.get("who", "")
    terms, _ids, _more = jobs.opened(who)
    keep = request.form.get("keep") == "1"
    held = (("who", who), ("keep", "1" if keep else "0"), ("reason", desk.text_of("reason", 400)))
    older = [one for one in backups.listed(jobs.generation().config) if one.made_at]
    lines = [
        _("The person's own record keeps its number, nothing else. Deals, offers and amounts stay, without the name."),
        _("History, search, mails, raw inquiries, notices, imports, exports and attached files are cleaned as well."),
        _("Issued invoices stay as they are, because the law asks for it.") if keep
        else _("Issued invoices lose the name, too. Make sure that the law allows it."),
        ngettext("%(num)d backup still holds the person. Restored, it is cleaned again at once.",
                 "%(num)d backups still hold the person. Restored, they are cleaned again at once.", len(older)),
        _("Afterwards everything is searched again, and the page shows what was found."),
    ]  # fmt: skip
    return desk.dialog(
        ImpactView(
            title=_("Erase %(who)s for good", who=", ".join(sorted(terms.names)) or _("this person")),
            text=_("This cannot be undone: neither by “Undo” nor from the bin."),
            action=f"{PAGE}/erase",
            submit=_("Erase for good"),
            lines=tuple(lines),
            hidden=held,
            danger=True,
            typed=_word(),
        )
    )


@blueprint.post("/erase")
@needs("privacy.erase")
def erase() -> Response:
    if desk.text_of("typed").lower() != _word().lower():
        return desk.refused(PAGE, Conflict(_("Nothing was erased: the word was not typed.")))
    try:
        terms, ids, _more = jobs.opened(request.form.get("who", ""))
        keep = request.form.get("keep") == "1"
        jobs.order_erasure(terms, ids, keep=keep, reason=desk.text_of("reason", 400))
    except KumikoError as refusal:
        return desk.refused(PAGE, refusal)
    return answers.done(PAGE, Toast(_("The person is being erased; the proof appears here.")))


@blueprint.get("/erasures/<int:number>")
@needs("privacy.erase")
def certificate(number: int) -> Response:
    """What was done in one erasure, to be kept or printed: nothing on it says who it was."""
    row = trusted(sa.select(erasures).where(erasures.c.id == number)).mappings().first()
    if row is None:
        raise NotFound(_("There is no such erasure."))
    return desk.draw("privacy/certificate.html", p=_proof(row), tabs=desk.tabs("personal-data"))


def proofs() -> list[Proof]:
    """Erasures, the newest first."""
    query = sa.select(erasures).order_by(erasures.c.id.desc()).limit(_SHOWN)
    return [_proof(row) for row in trusted(query).mappings()]


def _draw(report: Report | None = None, refusal: KumikoError | None = None) -> Response:
    who = ""
    if report is not None:
        who = jobs.sealed(report.meant.terms, report.meant.ids)
    busy = jobs.under_way()
    return desk.draw(
        "privacy/page.html",
        200 if refusal is None else 422,
        report=report,
        who=who,
        refusal=refusal.message if refusal is not None else "",
        sent={name: request.form.get(name, "") for name in ("email", "phone", "name")},
        total=_total(report) if report is not None else "",
        packages=tuple(_packages()),
        proofs=proofs() if principal().may(jobs.ERASE_RIGHT) else [],
        working=tuple(text for kind, text in ((jobs.EXPORT, _("A package is being written.")),
                                             (jobs.ERASE, _("A person is being erased."))) if kind in busy),
        choose=bool(report and report.meant.choice),
        shared=", ".join(report.meant.shared.words) if report else "",
        may_erase=principal().may(jobs.ERASE_RIGHT),
        tabs=desk.tabs("personal-data"),
    )  # fmt: skip


def _asked() -> tuple[Terms, list[int]]:
    emails, phones = desk.text_of("email").split(","), desk.text_of("phone").split(",")
    person = desk.number_of(request.form.get("person", ""))
    return Terms.of(emails=emails, phones=phones, names=[desk.text_of("name")]), [] if person is None else [person]


def _total(report: Report) -> str:
    if not report.count:
        return _("Nothing was found.")
    return ngettext("%(num)d place", "%(num)d places", report.count)


def _packages() -> Iterator[Action]:
    for path in jobs.packages()[:10]:
        stat = path.stat()
        when = ago_text(datetime.fromtimestamp(stat.st_mtime, UTC))
        label = _("Package, %(when)s (%(size)s)", when=when, size=size_text(stat.st_size))
        yield Action(label, f"{PAGE}/packages/{path.name}", "download")


def _proof(row: Any) -> Proof:
    counts, kept, looked = row["counts"], row["kept"], row["looked"]
    where = _("searched afterwards: %(rows)s rows in %(tables)s tables, %(files)s files",
              rows=number_text(looked["rows"]), tables=number_text(looked["tables"]),
              files=number_text(looked["files"]))  # fmt: skip
    left = ngettext("%(num)d place still holds the person", "%(num)d places still hold the person", row["left"])
    return Proof(
        id=row["id"],
        at=row["at"],
        when=moment_text(row["at"]),
        by=row["by"],
        reason=row["reason"],
        what=ngettext("%(num)d place cleaned", "%(num)d places cleaned", sum(counts.values())),
        kept=ngettext("%(num)d place kept by law", "%(num)d places kept by law", sum(kept.values())) if kept else "",
        proof=f"{left}; {where}",
        good=row["left"] == 0,
        places=_places(counts),
        kept_places=_places(kept),
        left_places=_places(looked.get("left", {})),
        disk=_("Former values were taken out of the files of the database as well.")
        if looked.get("scrubbed", False)
        else _("Former values may still lie in free places of the files of the database, which were not rewritten."),
    )


def _places(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """Places in words, the most often first."""
    known = rules.places(jobs.generation())
    named = Counter[str]()
    for name, count in counts.items():
        named[label_of(name, known, jobs.generation())] += count
    return tuple(named.most_common())


def _word() -> str:
    """What is to be typed before somebody is erased."""
    return _("erase")

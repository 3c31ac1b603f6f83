"""The page of backups and of the archive: what is there, what was tried out, what can be done with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import orjson
from flask import Blueprint, request, send_file
from werkzeug.wrappers import Response

from kumiko.access import audit
from kumiko.admin import company, desk, user_forms
from kumiko.admin.desk import needs
from kumiko.archive import backups, configuration, jobs, rehearsal, restoring, telling
from kumiko.archive.backups import Backup
from kumiko.host.config import Config
from kumiko.host.context import principal
from kumiko.host.database import normalise_url
from kumiko.host.errors import Conflict, Invalid, KumikoError, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.operate import backups as database_backups
from kumiko.web import answers
from kumiko.web.formats import ago_text, moment_text, number_text, size_text
from kumiko.web.i18n import ngettext
from kumiko.web.viewmodels import Action, FormView, ImpactView, Toast

PAGE = "/admin/backups"
_LARGEST = 20_000_000  # bytes of a file of configuration
blueprint = Blueprint("archive", __name__, url_prefix=PAGE, template_folder="templates")
blueprint.before_request(desk.check)


@dataclass(frozen=True)
class Row:
    """A backup as the page shows it."""

    name: str
    made_at: datetime
    when: str
    how: str
    size: str
    holds: str
    tried: str
    tone: str  # of `tried`: ok, error, ""
    detail: tuple[str, ...]
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class Working:
    """Work that is being done, and how far it is; `total` 0: it waits."""

    text: str
    done: int
    total: int


@blueprint.get("")
@needs("archive.back_up")
def page() -> Response:
    return _draw()


@blueprint.post("/make")
@needs("archive.back_up")
def make_now() -> Response:
    jobs.order_backup()
    return answers.done(PAGE, Toast(_("The backup is being made; it appears below when it is done.")))


@blueprint.post("/settings")
@needs("archive.back_up")
def save_schedule() -> Response:
    try:
        company.store(company.read_module("archive", request.form), plugin="archive")
    except Invalid as refusal:
        return _draw(refusal)
    return answers.done(PAGE, Toast(_("The settings are saved.")))


@blueprint.post("/<name>/rehearse")
@needs("archive.back_up")
def rehearse(name: str) -> Response:
    try:
        jobs.order_rehearsal(name)
    except KumikoError as refusal:
        return desk.refused(PAGE, refusal)
    return answers.done(PAGE, Toast(_("The backup is being tried out; what comes of it appears in its line.")))


@blueprint.get("/<name>/file")
@needs("archive.restore")
def download(name: str) -> Response:
    """The file as `kumiko restore` takes it: it holds everything, so whoever may restore may take it."""
    one = backups.get(jobs.config(), name)
    audit.note("export", name, what="backup")
    return send_file(one.path, mimetype="application/octet-stream", as_attachment=True, download_name=one.path.name)


@blueprint.get("/<name>/restore")
@needs("archive.restore")
def ask_restore(name: str) -> Response:
    try:
        one = restoring.check(jobs.config(), name)
    except KumikoError as refusal:
        return desk.refused(PAGE, refusal)
    lines = (
        _("Everything that was written after %(when)s is gone: records, mails that came in, settings.",
          when=moment_text(one.made_at)),
        _("The present state is backed up first, so it can be brought back the same way."),
        _("While it works everybody sees a page that says so, usually for less than a minute."),
        _("Mails and other work that went out since are not sent again. Persons who were erased since stay erased."),
        _tried(one)[0],
    )  # fmt: skip
    return desk.dialog(
        ImpactView(
            title=_("Go back to the backup of %(when)s", when=moment_text(one.made_at)),
            text=_("This puts the backup in the place of everything, for everybody."),
            action=f"{PAGE}/{name}/restore",
            submit=_("Restore it now"),
            lines=lines,
            danger=True,
            typed=_word(),
        )
    )


@blueprint.post("/<name>/restore")
@needs("archive.restore")
def restore(name: str) -> Response:
    if desk.text_of("typed").lower() != _word().lower():
        return desk.refused(PAGE, Conflict(_("Nothing was restored: the word was not typed.")))
    try:
        restoring.start(jobs.config(), name, principal().name)
    except KumikoError as refusal:
        return desk.refused(PAGE, refusal)
    return answers.done(PAGE, Toast(_("The backup is being restored.")))


@blueprint.get("/<name>/remove")
@needs("archive.restore")
def ask_remove(name: str) -> Response:
    one = backups.get(jobs.config(), name)
    return desk.dialog(
        ImpactView(
            title=_("Delete the backup of %(when)s", when=moment_text(one.made_at)),
            text=_("Its file is removed from the server. This cannot be taken back."),
            action=f"{PAGE}/{name}/remove",
            submit=_("Delete for good"),
            danger=True,
        )
    )


@blueprint.post("/<name>/remove")
@needs("archive.restore")
def remove(name: str) -> Response:
    backups.remove(jobs.config(), name)
    audit.note("backup.remove", name)
    return answers.done(PAGE, Toast(_("The backup is deleted.")))


@blueprint.post("/archive")
@needs("archive.write")
def order_archive() -> Response:
    jobs.order_archive()
    return answers.done(PAGE, Toast(_("The archive is being written; it appears here when it is done.")))


@blueprint.get("/archive/<file>")
@needs("archive.write")
def download_archive(file: str) -> Response:
    found = next((path for path in jobs.archives() if path.name == file), None)
    if found is None:
        raise NotFound(_("There is no such archive; it may have been removed from the server."))
    audit.note("export", file, what="archive")
    return send_file(found, mimetype="application/zip", as_attachment=True, download_name=found.name)


@blueprint.get("/configuration")
@needs("archive.configure")
def export_configuration() -> Response:
    content = configuration.export()
    return send_file(
        BytesIO(content), mimetype="application/zip", as_attachment=True, download_name="kumiko-configuration.zip"
    )


@blueprint.post("/configuration/plan")
@needs("archive.configure")
def plan_configuration() -> Response:
    """What a file would change: kept for the next step, nothing done yet."""
    upload = request.files.get("file")
    content = upload.stream.read(_LARGEST + 1) if upload is not None else b""
    try:
        if not 0 < len(content) <= _LARGEST:
            raise Invalid(_("Choose the file of a configuration, of at most 20 MB."))
        changes = configuration.plan(content)
    except KumikoError as refusal:
        return desk.refused(PAGE, refusal)
    return desk.draw(
        "archive/plan.html",
        lines=[one for one in changes if one.kind != "same"],
        same=sum(one.kind == "same" for one in changes),
        ready=any(one.kind in ("new", "changed") for one in changes),
        word=jobs.keep_configuration(content),
        kinds={"new": (_("new"), "green"), "changed": (_("changed"), "blue"), "refused": (_("left out"), "amber")},
        text=_text,
        tabs=desk.tabs("backups"),
    )


@blueprint.post("/configuration/bring-in")
@needs("archive.configure")
def bring_in_configuration() -> Response:
    try:
        unit_id, count = configuration.bring_in(jobs.kept_configuration(desk.text_of("word", 40)))
    except KumikoError as refusal:
        return desk.refused(PAGE, refusal)
    said = ngettext("%(num)d change was made.", "%(num)d changes were made.", count)
    return answers.done(PAGE, Toast(said, undo=f"/units/{unit_id}/undo" if unit_id else ""))


def _text(value: Any) -> str:
    """A value of a plan for people, cut where it is long."""
    if isinstance(value, dict) and set(value) == {"name"}:
        return str(value["name"])
    text = "–" if value in (None, "", []) else value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= 120 else f"{text[:120]}…"


def _draw(refusal: Invalid | None = None) -> Response:
    config, busy = jobs.config(), jobs.under_way()
    there = backups.listed(config)
    return desk.draw(
        "archive/backups.html",
        200 if refusal is None else 422,
        rows=[_row(one, busy) for one in there],
        working=_working(busy),
        warnings=tuple(_warnings(config, there)),
        last=_last(),
        form=_form(refusal),
        archives=tuple(_archive_links()) if principal().may("archive.write") else (),
        may_write=principal().may("archive.write"),
        may_configure=principal().may("archive.configure"),
        may_restore=principal().may("archive.restore"),
        tabs=desk.tabs("backups"),
    )


def _form(refusal: Invalid | None) -> FormView:
    names = tuple(one.name for one in company.module_fields("archive"))
    errors = refusal.errors if refusal else None
    return FormView(
        title=_("Every day"),
        action=f"{PAGE}/settings",
        groups=(company.module_group("archive", request.form if refusal else None, errors),),
        submit=_("Save"),
        summary=user_forms.summary_of(refusal, names),
    )


def _row(one: Backup, busy: Sequence[jobs.Work]) -> Row:
    tried, tone, detail = _tried(one)
    actions = [Action(_("Try it out"), f"{PAGE}/{one.name}/rehearse", "checks", method="post")]
    if any(work.kind == jobs.REHEARSE and work.about == one.name for work in busy):
        tried, tone, actions = _("is being tried out"), "", []
    if principal().may("archive.restore"):
        actions += [
            Action(_("Download"), f"{PAGE}/{one.name}/file", "download"),
            Action(_("Restore…"), f"{PAGE}/{one.name}/restore", "restore", dialog=True, danger=True),
            Action(_("Delete…"), f"{PAGE}/{one.name}/remove", "trash", dialog=True, danger=True),
        ]
    holds = _("%(rows)s rows in %(tables)s tables, %(files)s files", rows=number_text(one.rows),
              tables=number_text(len(one.tables)), files=number_text(one.files))  # fmt: skip
    return Row(
        name=one.name, made_at=one.made_at, when=moment_text(one.made_at), how=_how(one),
        size=size_text(one.size_bytes), holds=holds, tried=tried, tone=tone, detail=detail, actions=tuple(actions),
    )  # fmt: skip


def _how(one: Backup) -> str:
    words = {
        backups.BY_HAND: _("by hand, %(who)s", who=one.by or _("nobody")),
        backups.BY_SCHEDULE: _("by the clock"),
        backups.BEFORE_RESTORE: _("before a restore"),
        backups.BEFORE_UPGRADE: _("before an upgrade"),
    }
    return words.get(one.reason, one.reason)


def _tried(one: Backup) -> tuple[str, str, tuple[str, ...]]:
    """(sentence, tone, what is wrong) of a backup's rehearsal."""
    found = one.rehearsal
    if found is None:
        return _("It was not tried out yet."), "", ()
    when = moment_text(datetime.fromisoformat(found["at"]).astimezone(UTC))
    if rehearsal.is_good(found):
        sentence = ngettext("Tried out on %(when)s: %(num)d table equal.",
                            "Tried out on %(when)s: %(num)d tables equal.", found["equal"], when=when)  # fmt: skip
        return sentence, "ok", ()
    wrong = tuple(
        line
        for line in (
            found["error"],
            _("Not equal: %(names)s", names=", ".join(found["differs"])) if found["differs"] else "",
            *found["doctor"],
        )
        if line
    )
    return _("Tried out on %(when)s: it does not hold.", when=when), "error", wrong


def _last() -> dict[str, Any] | None:
    found = restoring.last(jobs.config())
    if found is None:
        return None
    when = ago_text(datetime.fromisoformat(found["at"]).astimezone(UTC))
    if found["error"]:
        text = _("The restore %(when)s was given up, and nothing was changed: %(why)s", when=when, why=found["error"])
        return {"tone": "error", "text": text, "notes": ()}
    text = _(
        "A backup was restored %(when)s by %(who)s, in %(seconds)s s. The state before it is kept as %(name)s.",
        when=when,
        who=found["by"] or _("nobody"),
        seconds=number_text(found["took_s"], 0),
        name=found["safety"],
    )
    notes = list(found["notes"])
    missing = found["missing_files"]
    if missing:
        lost = ngettext("%(num)d file is in no folder of this installation any more.",
                        "%(num)d files are in no folder of this installation any more.", missing)  # fmt: skip
        notes.append(lost)
    return {"tone": "warn" if found["missing_files"] else "", "text": text, "notes": tuple(notes)}


def _archive_links() -> Iterator[Action]:
    for path in jobs.archives():
        stat = path.stat()
        when = ago_text(datetime.fromtimestamp(stat.st_mtime, UTC))
        label = _("Archive, %(when)s (%(size)s)", when=when, size=size_text(stat.st_size))
        yield Action(label, f"{PAGE}/archive/{path.name}", "download")


def _warnings(config: Config, there: Sequence[Backup]) -> Iterator[str]:
    """Why backups cannot be made here, and the last one that failed."""
    missing = database_backups.missing_tools(normalise_url(config.database_url))
    if missing:
        yield _(
            "Missing on the server: %(tools)s. Backups of PostgreSQL need its client tools; install postgresql-client. "
            "Until then write an archive: it needs nothing else and holds everything but passwords.",
            tools=", ".join(missing),
        )  # fmt: skip
    failed = telling.failed(jobs.BACK_UP, there[0].made_at if there else None)
    if failed is not None:
        yield _("The backup of %(when)s could not be made: %(why)s", when=moment_text(failed.at), why=failed.why)


def _working(busy: Sequence[jobs.Work]) -> tuple[Working, ...]:
    words = {
        jobs.BACK_UP: _("A backup is being made."),
        jobs.REHEARSE: _("A backup is being tried out."),
        jobs.WRITE: _("An archive is being written."),
    }
    return tuple(
        Working(
            words[one.kind] if one.total else f"{words[one.kind]} {_('It waits for its turn.')}", one.done, one.total
        )
        for one in busy
    )


def _word() -> str:
    """What is to be typed before everything is replaced."""
    return _("restore")

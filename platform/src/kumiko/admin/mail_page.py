"""The page of mail: where system mail goes, a test of it, and what became of the newest ones."""

from __future__ import annotations

import uuid

from flask import request
from werkzeug.wrappers import Response

from kumiko.access import audit
from kumiko.admin import desk, user_forms
from kumiko.admin.desk import blueprint, needs
from kumiko.host import settings
from kumiko.host.context import principal, transaction
from kumiko.host.errors import Invalid, KumikoError
from kumiko.host.i18n import gettext as _
from kumiko.mailing import options, services, smtp
from kumiko.mailing.models import FAILED, QUEUED, SENT
from kumiko.mailing.transport import FOLDER, SERVER
from kumiko.web import answers
from kumiko.web.viewmodels import FieldGroup, FieldView, FormView, Option, Toast

PAGE = "/admin/mail"
_HUES = {QUEUED: "blue", SENT: "green", FAILED: "red"}
_NAMES = ("way", "host", "port", "security", "user", "password", "sender", "sender_name")


@blueprint.get("/mail")
@needs("settings.edit")
def mail_page() -> Response:
    return _draw()


@blueprint.post("/mail")
@needs("settings.edit")
def save_mail() -> Response:
    try:
        values = options.checked(request.form)
    except Invalid as refusal:
        return _draw(refusal)
    with transaction():
        settings.put(values)
        fields = ", ".join(name.removeprefix("mailing.") for name in values)
        audit.note("settings.change", "mailing", fields=fields)
    return answers.done(PAGE, Toast(_("The settings are saved. Send a test mail to see whether they work.")))


@blueprint.post("/mail/test")
@needs("settings.edit")
def test_mail() -> Response:
    """A mail to whoever asks, sent as all others are: by a worker."""
    person = principal()
    with transaction():
        services.send_system_mail(
            person.email,
            _("Test mail of Kumiko"),
            _("This mail was sent to test the mail settings. If you read it, they work."),
            key=f"mailing.test:{uuid.uuid4().hex}",
        )
    return answers.done(PAGE, Toast(_("A test mail to %(to)s is on its way; see below.", to=person.email)))


@blueprint.post("/mail/<int:mail_id>/again")
@needs("settings.edit")
def send_again(mail_id: int) -> Response:
    try:
        services.send_again(mail_id)
    except KumikoError as error:
        return desk.refused(PAGE, error)
    return answers.done(PAGE, Toast(_("The mail is sent again.")))


def _draw(refusal: Invalid | None = None) -> Response:
    mails = services.newest_mails()
    return desk.draw(
        "admin/mail.html",
        200 if refusal is None else 422,
        form=_form(refusal),
        mails=mails,
        words={QUEUED: _("waiting"), SENT: _("sent"), FAILED: _("failed")},
        hues=_HUES,
        moving=any(one.state == QUEUED for one in mails),
        email=principal().email,
        in_folder=options.read_options().way == FOLDER,
        tabs=desk.tabs("mail"),
    )


def _form(refusal: Invalid | None) -> FormView:
    kept, said = options.read_options(), refusal.errors if refusal else {}

    def value(name: str) -> str:
        return request.form.get(name, "") if refusal else str(getattr(kept, name))

    def field(name: str, label: str, **more: object) -> FieldView:
        return FieldView(name, label, value=value(name), errors=tuple(said.get(name, ())), **more)  # type: ignore[arg-type]

    ways = (Option(FOLDER, _("Into a folder, to nobody")), Option(SERVER, _("Through a mail server (SMTP)")))
    securities = (
        Option(smtp.STARTTLS, _("STARTTLS (usual port 587)")),
        Option(smtp.SSL, _("TLS from the start (usual port 465)")),
        Option(smtp.NONE, _("none (usual port 25)")),
    )
    password = FieldView(
        "password", _("Password"), kind="password", errors=tuple(said.get("password", ())), autocomplete="new-password",
        help=_("Kept encrypted. Leave it empty to keep the one that is stored.") if kept.has_password else "",
    )  # fmt: skip
    server = (
        field("host", _("Server"), placeholder="smtp.example.com", max_length=253),
        field("security", _("Security"), kind="choice", options=securities, required=True),
        field("port", _("Port"), kind="integer", help=_("Empty: the usual one.")),
        field("user", _("User"), max_length=254, help=_("Empty: the server asks for none.")),
        password,
    )
    return FormView(
        title=_("Mail"),
        action=PAGE,
        groups=(
            FieldGroup(
                "",
                (
                    field("way", _("Where mail goes"), kind="choice", options=ways, required=True,
                          help=_("The folder is “mail” in the instance folder; each mail is a file there.")),
                    field("sender", _("Sender"), kind="email", placeholder="crm@example.com", max_length=254),
                    field("sender_name", _("Name of the sender"), max_length=120,
                          help=_("Empty: the name of the company.")),
                ),
            ),
            FieldGroup(_("Mail server"), server),
        ),
        submit=_("Save"),
        summary=user_forms.summary_of(refusal, _NAMES),
    )  # fmt: skip

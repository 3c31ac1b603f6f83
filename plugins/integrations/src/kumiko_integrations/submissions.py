"""A visitor sends a form: checked, written down once, thanked. Robots are thanked, too, and set aside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select

from kumiko import Forbidden, Invalid, NotFound, RawItem, as_system, get, session, unscoped, utc_now
from kumiko import gettext as _
from kumiko_integrations import form_tokens, intake, throttle
from kumiko_integrations.form_fields import CHOICE, EMAIL, MESSAGE
from kumiko_integrations.form_reading import answers_of
from kumiko_integrations.models import FORM, Form
from kumiko_integrations.rules import choices_of

LARGEST_BODY = 256 * 1024  # bytes of a whole form
LONGEST = {MESSAGE: 20_000}  # characters; others less
_USUAL = 2_000
TRAP = "website2"
ROBOT = "robot"


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question as visitors get it. `name` is the field's name in what they send."""

    name: str
    label: str
    means: str
    required: bool
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PublicForm:
    """A form as strangers may know it."""

    id: int
    key: str
    name: str
    intro: str
    questions: tuple[Question, ...]
    consent: str
    submit_label: str
    thanks: str
    redirect_url: str
    language: str
    honeypot: bool
    least_s: int
    origins: tuple[str, ...]
    source: str
    campaign: str


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A form as it was sent: its bytes, and what the browser said about itself."""

    body: bytes
    media_type: str
    origin: str = ""
    own_host: str = ""
    referer: str = ""
    address: str = ""


def get_public_form(key: str) -> PublicForm:
    """The form behind a public address; NotFound when there is none or it is switched off."""
    with unscoped("a form is for everybody who knows its address"):
        query = select(Form.id).where(Form.key == key, Form.active.is_(True), Form.deleted_at.is_(None))
        form_id = session().execute(query).scalar() if key else None
    if form_id is None:
        raise NotFound(_("This form is not there, or no longer."))
    return public_form(form_id)


def public_form(form_id: int) -> PublicForm:
    """A form by its id, whatever its state."""
    with as_system("a form is for everybody who knows its address"):
        record = get(FORM, form_id)
    questions = tuple(
        Question(
            name=f"q{row['id']}", label=row["label"], means=row.get("means") or "other",
            required=bool(row.get("required")), choices=tuple(choices_of(row)) if row.get("means") == CHOICE else (),
        )
        for row in record.get("fields") or ()
    )  # fmt: skip
    return PublicForm(
        id=record.id, key=record.get("key"), name=record.title, intro=record.get("intro") or "", questions=questions,
        consent=record.get("consent") or "", submit_label=record.get("submit_label") or _("Send"),
        thanks=record.get("thanks") or _("Thank you. We have your message and will answer soon."),
        redirect_url=record.get("redirect_url") or "", language=record.get("language") or "",
        honeypot=bool(record.get("honeypot")), least_s=record.get("least_s") or 0,
        origins=tuple((record.get("origins") or "").split()), source=record.get("source") or "",
        campaign=record.get("campaign") or "",
    )  # fmt: skip


def check_origin(form: PublicForm, origin: str, own_host: str) -> None:
    """Forbidden when a page of a site that may not use the form asks for it. Programs name no origin."""
    if not origin or not form.origins or origin.lower() in form.origins:
        return
    if urlsplit(origin).netloc.lower() == own_host.lower():
        return
    raise Forbidden(_("This form is for other web sites; %(site)s is not on its list.", site=origin[:200]))


def submit(form: PublicForm, sent: Sent) -> bool:
    """Take a form in; gives whether it is new (False: the same click once more).

    Invalid with sentences per field, Forbidden for a foreign site, TooMany for whoever sends too much.
    """
    check_origin(form, sent.origin, sent.own_host)
    throttle.count_hit(throttle.SUBMISSIONS, sent.address)
    item = RawItem(
        external_id="", body=sent.body, received_at=utc_now(),
        meta={
            "media_type": sent.media_type, "form": form.name, "language": form.language, "source": form.source,
            "campaign": form.campaign, "consent": form.consent, "referer": sent.referer[:500],
            "questions": [{"name": one.name, "label": one.label, "means": one.means} for one in form.questions],
        },
    )  # fmt: skip
    answers = answers_of(item)
    drawn = form_tokens.read_token(form.key, answers.get("_token", ""))
    robot = _is_robot(form, answers, drawn)
    if not robot:
        _check(form, answers)
    item = RawItem(
        external_id=_once(form, answers, drawn, sent.address), body=item.body, received_at=item.received_at,
        meta=item.meta,
    )  # fmt: skip
    arrival = intake.Arrival(
        channel="form", account=f"form:{form.id}", item=item, title=_title(form, answers),
        aside=ROBOT if robot else "",
    )  # fmt: skip
    return intake.take_note_once(arrival)[1]


def _is_robot(form: PublicForm, answers: Mapping[str, str], drawn: form_tokens.Drawn | None) -> bool:
    if form.honeypot and answers.get(TRAP, "").strip():
        return True
    return bool(form.least_s and drawn is not None and drawn.age_s < form.least_s)


def _once(form: PublicForm, answers: Mapping[str, str], drawn: form_tokens.Drawn | None, address: str) -> str:
    """What makes a submission one of a kind: its drawing, else the same words from the same place within minutes."""
    words = {name: value for name, value in answers.items() if not name.startswith("_")}
    if drawn is not None:  # a page that stays open may be used for a second, different message
        return f"{drawn.word}:{intake.digest_of(json.dumps(words, sort_keys=True))[:16]}"
    slot = int(utc_now().timestamp() // 600)
    return intake.digest_of(json.dumps([form.key, address, slot, words], sort_keys=True))


def _check(form: PublicForm, answers: Mapping[str, str]) -> None:
    errors: dict[str, list[str]] = {}
    for one in form.questions:
        value = answers.get(one.name, "").strip()
        most = LONGEST.get(one.means, _USUAL)
        if not value and one.required:
            errors[one.name] = [_("“%(question)s” is needed.", question=one.label)]
        elif len(value) > most:
            errors[one.name] = [_("“%(question)s” is too long: at most %(most)d characters, found %(found)d.",
                                  question=one.label, most=most, found=len(value))]  # fmt: skip
        elif value and one.means == EMAIL and not _is_email(value):
            errors[one.name] = [_("“%(value)s” is no e-mail address.", value=value[:100])]
        elif value and one.choices and value not in one.choices:
            errors[one.name] = [_("“%(question)s” has no answer “%(value)s”.", question=one.label, value=value[:100])]
    if form.consent and not answers.get("consent"):
        errors["consent"] = [_("Please tick your consent.")]
    if not errors and form.questions and not any(answers.get(one.name, "").strip() for one in form.questions):
        errors[form.questions[0].name] = [_("Please write something.")]
    if errors:
        raise Invalid(_("Please look at the form again."), errors)


def _is_email(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True


def _title(form: PublicForm, answers: Mapping[str, str]) -> str:
    named = [answers.get(one.name, "") for one in form.questions if one.means in ("name", "email", "organization")]
    return " · ".join([form.name, *(one for one in named if one.strip())])

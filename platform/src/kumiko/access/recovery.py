"""Mails that let somebody in: invitations, and links to set a new password for those who forgot theirs.

Whoever asks for a new password gets the same answer whether there is such an account: the request only notes the
address in a job, and the job looks it up.
"""

from __future__ import annotations

from kumiko.access import audit, links, throttle
from kumiko.access.accounts import find_user_id
from kumiko.access.options import read_options
from kumiko.access.principals import digest, principal_for_user
from kumiko.access.signin import Browser
from kumiko.host import settings
from kumiko.host.context import acting_as, current, transaction
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.jobs import JobContext, enqueue
from kumiko.mailing.options import read_options as mail_options
from kumiko.mailing.services import send_system_mail
from kumiko.mailing.transport import SERVER

JOB = "access.reset_mail"


def mail_leaves() -> bool:
    """Whether mails reach people; without a mail server links are handed over by an administrator."""
    return mail_options().way == SERVER


def ask_reset(email: str, browser: Browser) -> None:
    """Send a link for a new password to this address, if somebody signs in with it. Says nothing about whether."""
    account = email.strip().lower()
    if not read_options().reset_by_mail:
        raise Invalid(_("Passwords are not reset by mail here; ask an administrator for a link."))
    if "@" not in account:
        raise Invalid(_("%(found)r is no e-mail address; wanted one such as ann@example.com", found=account[:80]))
    throttle.count_attempt(f"reset:{account}", f"reset:{browser.address}" if browser.address else "")
    with transaction():
        audit.note("reset.asked", account, address=browser.address)
        enqueue(JOB, {"email": account[:254]})


def send_reset(job: JobContext) -> None:
    """The job: a link that works for an hour, in the language of whoever it is for."""
    user_id = find_user_id(str(job.payload["email"]))
    person = None if user_id is None else principal_for_user(user_id)
    if user_id is None or person is None or not person.email or not read_options().reset_by_mail:
        return
    path = links.make(user_id, links.RESET)
    with acting_as(person):
        company = _company()
        text = _(
            "Hello %(name)s,\n\nsomebody, probably you, asked for a new password for %(company)s. Set it here, within "
            "an hour:\n\n%(link)s\n\nThe link works once. If it was not you, do nothing: your password stays as it "
            "is.\n",
            name=person.name, company=company, link=_address(path),
        )  # fmt: skip
        subject = _("%(company)s: set a new password", company=company)
        send_system_mail(person.email, subject, text, key=_key("reset", path))


def invite(user_id: int) -> str:
    """Mail a user the link with which they set their first password, if mail leaves; returns the link's path, the only
    copy, for an administrator to hand over otherwise. Forbidden and Invalid as for `links.make_password_link`."""
    with transaction():
        path = links.make_password_link(user_id)
        person = principal_for_user(user_id)
        if person is not None and mail_leaves():
            inviter = current().principal
            with acting_as(person):
                company = _company()
                text = _(
                    "Hello %(name)s,\n\n%(inviter)s invites you to %(company)s. Choose a password here, within three "
                    "days:\n\n%(link)s\n\nThe link works once. Afterwards you sign in with %(email)s.\n",
                    name=person.name, inviter=inviter.name if inviter else company, company=company,
                    link=_address(path), email=person.email,
                )  # fmt: skip
                subject = _("Your invitation to %(company)s", company=company)
                send_system_mail(person.email, subject, text, key=_key("invitation", path))
            audit.note("invitation.sent", person.email, user_id=user_id)
        else:
            audit.note("link.made", "" if person is None else person.email, user_id=user_id)
    return path


def _key(occasion: str, path: str) -> str:
    return f"{occasion}:{digest(path)[:32]}"


def _company() -> str:
    return str(settings.get("host.company") or "Kumiko")


def _address(path: str) -> str:
    generation = current().generation
    return path if generation is None else f"{generation.config.base_url}{path}"

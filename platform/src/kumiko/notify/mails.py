"""The job that writes a notice as a mail. It queues the mail and finishes in one transaction, so there is one mail."""

from __future__ import annotations

from sqlalchemy import select

from kumiko.access.principals import principal_for_user
from kumiko.host import settings
from kumiko.host.context import acting_as, current
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.host.scoping import trusted
from kumiko.jobs.job import JobContext
from kumiko.jobs.proving import sends
from kumiko.mailing.services import send_system_mail
from kumiko.notify import deliveries, proof, services
from kumiko.notify.models import FAILED, SKIPPED, notices

LONGEST_SUBJECT = 120


@sends(_l("Notices, under the bell and by mail"), arrange=proof.arrange, sent=proof.sent)
def mail(job: JobContext) -> None:
    """Mail one notice to its reader, in their language and only as far as they may see what it is about."""
    notice_id = int(job.payload["notice"])
    row = trusted(select(notices).where(notices.c.id == notice_id)).mappings().one_or_none()
    if row is None or not deliveries.is_waiting(notice_id):
        return
    reader = principal_for_user(row["user_id"])
    if reader is None or not reader.email:
        deliveries.settle(notice_id, SKIPPED, _("The user is no longer active or has no address."))
        return
    with acting_as(reader):
        seen = services.view_of(row)
        if seen.hidden:
            deliveries.settle(notice_id, SKIPPED, seen.text)
            return
        company = str(settings.get("host.company") or "Kumiko")
        subject = f"{company}: {_first_line(seen.text)}"
        try:
            send_system_mail(reader.email, subject, _body(seen), key=f"{deliveries.KEY}{notice_id}")
        except Invalid as fault:
            deliveries.settle(notice_id, FAILED, fault.message)


def _first_line(text: str) -> str:
    line = text.strip().partition("\n")[0]
    return line if len(line) <= LONGEST_SUBJECT else f"{line[: LONGEST_SUBJECT - 1]}…"


def _body(seen: services.NoticeView) -> str:
    generation = current().generation
    base = "" if generation is None else generation.config.base_url
    parts = [seen.text]
    if seen.href:
        parts.append(f"{base}{seen.href}")
    parts.append(_("You get this mail because your profile says so: %(address)s", address=f"{base}/profile"))
    return "\n\n".join(parts) + "\n"

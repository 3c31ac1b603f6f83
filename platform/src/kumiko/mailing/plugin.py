"""The core plugin `mailing`: what it declares."""

from __future__ import annotations

from typing import Any

from kumiko.host.declarations import JobType
from kumiko.host.hookspecs import hookimpl
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.mailing.models import Base
from kumiko.mailing.services import JOB


@hookimpl
def declare_models() -> Any:
    return Base


@hookimpl
def declare_jobs() -> Any:
    from kumiko.mailing import sending  # local: workers alone need it

    return [
        JobType(name=JOB, run=sending.send, label=_l("Send a system mail")),
        JobType(name="mailing.tidy", run=sending.tidy, label=_l("Tidy system mails"), cron="23 * * * *"),
    ]

"""The core plugin `notify`: what it declares."""

from __future__ import annotations

from typing import Any

from kumiko.host.declarations import JobType
from kumiko.host.hookspecs import hookimpl
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.notify import deliveries, services
from kumiko.notify.models import Base
from kumiko.notify.routes import blueprint


@hookimpl
def declare_models() -> Any:
    return Base


@hookimpl
def declare_routes() -> Any:
    return [blueprint]


@hookimpl
def declare_jobs() -> Any:
    from kumiko.notify import mails  # local: workers alone need it

    return [JobType(name=deliveries.JOB, run=mails.mail, label=_l("Send a notice by mail"))]


@hookimpl
def assemble(generation: Any) -> None:
    generation.state.setdefault("on_purge", []).append(services.forget_types)
    generation.state.setdefault("tell", []).append(services.send_notice)  # for core plugins below this one
    generation.state.setdefault("on_mail", []).append(deliveries.note_mail)
    generation.state.setdefault("on_security_news", []).append(services.tell_of_safety)

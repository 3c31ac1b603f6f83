"""The core plugin `leaving`: what it declares."""

from __future__ import annotations

from typing import Any

from kumiko.host.declarations import JobType
from kumiko.host.hookspecs import hookimpl
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.leaving.models import Base


@hookimpl
def declare_models() -> Any:
    return Base


@hookimpl
def declare_records() -> Any:
    from kumiko.leaving.record_types import hand_over  # local: with the access plugin

    return [hand_over()]


@hookimpl
def declare_commands() -> Any:
    from kumiko.leaving.commands import hand_over  # local: only the command line needs click

    return [hand_over]


@hookimpl
def declare_jobs() -> Any:
    from kumiko.leaving import services  # local: workers alone need it

    return [JobType(name=services.JOB, run=services.run, label=_l("Hand over what somebody owns"))]

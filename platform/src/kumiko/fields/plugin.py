"""The core plugin `fields`: what it declares."""

from __future__ import annotations

from typing import Any

from kumiko.fields import indexes, loading
from kumiko.fields.names import INDEX_JOB
from kumiko.fields.record_types import CUSTOM_FIELD, FIELD_RULE, PAGE_LAYOUT, Base
from kumiko.host.declarations import JobType, Permission
from kumiko.host.hookspecs import hookimpl
from kumiko.host.i18n import lazy_gettext as _l


@hookimpl
def declare_models() -> Any:
    return Base


@hookimpl
def declare_records() -> Any:
    return [CUSTOM_FIELD, FIELD_RULE, PAGE_LAYOUT]


@hookimpl
def declare_permissions() -> Any:
    return [Permission(name="fields.edit", label=_l("Make fields and arrange pages"))]


@hookimpl
def declare_jobs() -> Any:
    return [
        JobType(name=INDEX_JOB, run=indexes.work, label=_l("Keep indexes of custom fields"), cron="23 * * * *"),
    ]  # fmt: skip


@hookimpl
def assemble(generation: Any) -> None:
    generation.state["complete_records"] = loading.complete
    generation.state.setdefault("after_restore", []).append(indexes.again)

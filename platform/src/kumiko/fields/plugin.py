"""The core plugin `fields`: what it declares."""

from __future__ import annotations

from typing import Any

from kumiko.fields import changing, indexes, linked, loading
from kumiko.fields.names import CONVERT_JOB, FIELD, INDEX_JOB
from kumiko.fields.record_types import CUSTOM_FIELD, FIELD_RULE, KINDS, PAGE_LAYOUT, Base
from kumiko.host.declarations import Field, JobType, Panel, Permission, RecordAction
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
        JobType(name=CONVERT_JOB, run=changing.work, label=_l("Give a field another kind")),
    ]  # fmt: skip


@hookimpl
def declare_panels() -> Any:
    return [
        Panel(slot="record.*.aside", key="linked", title=_l("Linked by your own fields"), template="fields/linked.html",
              load=linked.load, order=900),
    ]  # fmt: skip


@hookimpl
def declare_record_actions() -> Any:
    target = Field(name="target", kind="text", label=_l("Leads to"), max_length=80)
    return [
        RecordAction(
            type=FIELD, name="convert", label=_l("Change the kind"), icon="arrows-exchange",
            run=changing.convert_by_action,
            fields=(Field(name="kind", kind="choice", label=_l("New kind"), required=True, choices=KINDS), target),
            confirm=_l("Values that do not fit are emptied; the change can be undone as a whole."),
        ),
    ]  # fmt: skip


@hookimpl
def assemble(generation: Any) -> None:
    generation.state["complete_records"] = loading.complete
    generation.state.setdefault("after_restore", []).append(indexes.again)

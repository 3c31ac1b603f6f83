"""The core plugin `duplicates`: what it declares."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kumiko.duplicates import asking, finding, identity, keys, large, leading, together
from kumiko.duplicates.declaring import matching_of
from kumiko.duplicates.models import Base
from kumiko.host.declarations import Field, JobType, Permission, RecordAction
from kumiko.host.hookspecs import hookimpl
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.records import leads
from kumiko.records.catalogue import Catalogue, TypeInfo

ACTION = "merge"


@hookimpl
def declare_models() -> Any:
    return Base


@hookimpl
def declare_settings() -> Any:
    return identity.section()


@hookimpl
def declare_permissions() -> Any:
    return [
        Permission(name="duplicates.find", label=_l("Look for duplicates among all records"),
                   roles=("administrator", "head")),
    ]  # fmt: skip


@hookimpl
def declare_jobs() -> Any:
    return [
        JobType(name=finding.FIND, run=finding.find, label=_l("Find duplicates")),
        JobType(name=finding.CURRENT, run=finding.keep_current, label=_l("Compare new records with old ones"),
                cron="*/2 * * * *"),
        JobType(name=together.JOB, run=together.work, label=_l("Merge sure duplicates")),
        JobType(name=large.JOB, run=large.work, label=_l("Merge records that much belongs to")),
    ]  # fmt: skip


@hookimpl
def assemble(generation: Any) -> None:
    known: Catalogue = generation.state["records"]
    generation.state["records"] = Catalogue(_mergeable(info) for info in known.types.values())
    generation.state.setdefault("after_write", []).extend((keys.keep, leads.forget))
    generation.state.setdefault("leads", []).append(leading.lead_on)
    generation.state.setdefault("on_purge", []).append(keys.forget_types)


def _mergeable(info: TypeInfo) -> TypeInfo:
    """Types with rules for duplicates get the action `merge`."""
    if matching_of(info) is None:
        return info
    action = RecordAction(
        type=info.key, name=ACTION, label=_l("Merge"), icon="arrow-merge", run=asking.merge_by_action,
        fields=(
            Field(name="others", kind="json", label=_l("Ids of the records that become part of this one"),
                  required=True),
            Field(name="take", kind="json", label=_l("Field -> id of the record whose value is kept, or “all” for "
                                                     "lists")),
            Field(name="accept", kind="json", label=_l("Ids of records that should stay and go all the same")),
        ),
    )  # fmt: skip
    return replace(
        info, actions={**info.actions, ACTION: action}, action_plugins={**info.action_plugins, ACTION: "duplicates"}
    )

"""Settings in the journal: each stored setting has a record whose value, before and after, stands there and goes back.

The table of settings stays what everybody reads. A record is made when its setting is changed for the first time, with
the value from before, as a unit of its own: so undoing the change leads to that value and not to nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from kumiko.admin.models import SETTING, SettingRecord
from kumiko.host import settings
from kumiko.host.columns import table_of
from kumiko.host.context import current, principal, transaction
from kumiko.host.declarations import Field, RecordType
from kumiko.host.errors import Forbidden, Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.host.scoping import trusted
from kumiko.records.catalogue import catalogue
from kumiko.records.drafts import Draft
from kumiko.records.inputs import draft_of_new
from kumiko.records.service import prepare as prepare_drafts
from kumiko.records.states import load_states
from kumiko.records.units import unit
from kumiko.records.writer import write

_record = table_of(SettingRecord)
_NOBODY = dict.fromkeys(("read", "create", "edit", "delete", "export", "bulk", "assign"), "none")


def setting_type() -> RecordType:
    return RecordType(
        key=SETTING,
        collection="settings",
        label=_l("Setting"),
        label_plural=_l("Settings"),
        icon="adjustments",
        hue="slate",
        model=SettingRecord,
        fields=(
            Field(name="name", kind="text", label=_l("Name"), writable=False),
            Field(name="key", kind="text", label=_l("Key"), writable=False),
            Field(name="value", kind="json", label=_l("Value"), writable=False, sortable=False, filterable=False),
        ),
        list_columns=("name", "value", "updated_at"),
        default_sort="name",
        grants={"head": _NOBODY, "seller": _NOBODY, "analyst": _NOBODY},
        prepare=_check,
        after=_follow,
        importable=False,
        creatable=False,
        menu=False,
        timeline=False,
    )  # fmt: skip


def store_in_journal(values: Mapping[str, Any], labels: Mapping[str, str]) -> None:
    """Write settings (None: back to the default) so that the change can be seen and taken back. `labels`: key -> what
    people call it; keys that have none keep their key. Who may do it is the caller's affair."""
    info = catalogue().get(SETTING)
    with transaction():
        _begin({key: labels.get(key, key) for key in values})
        states = load_states(info, list(_ids(values).values()), lock=True)
        changed = [
            Draft(info, "changed", {"value": values[state.values["key"]]}, state)
            for state in states.values()
            if state.values["value"] != values[state.values["key"]]
        ]
        if changed:
            with unit(reason=_("settings changed")) as opened:
                prepare_drafts(changed)
                write(opened, changed)
        rest = {key: value for key, value in values.items() if settings.get(key) != value}
        if rest:  # defaults that are written down all the same
            settings.put(rest)


def _begin(named: Mapping[str, str]) -> None:
    """Make the records that are lacking, or lie in the bin, with the values of today."""
    info = catalogue().get(SETTING)
    known = _ids(named)
    missing = [key for key in named if key not in known]
    if not missing:
        return
    with unit(reason=_("settings as they were before their first change"), via="system") as opened:
        drafts = [
            draft_of_new(info, {"name": named[key][:300], "key": key, "value": settings.get(key)}) for key in missing
        ]
        prepare_drafts(drafts)
        write(opened, drafts)


def _ids(keys: Mapping[str, Any]) -> dict[str, int]:
    query = select(_record.c.key, _record.c.id).where(_record.c.key.in_(list(keys)), _record.c.deleted_at.is_(None))
    return {row.key: row.id for row in trusted(query)}


def _check(draft: Draft) -> None:
    """Only whoever may change settings does, and takes it back."""
    if not principal().may("settings.edit"):
        raise Forbidden(_("Your role does not allow you to change settings; ask an administrator."))
    if draft.action == "deleted":
        raise Invalid(_("A setting is not deleted; change it on the page of settings."))
    if not draft.get("key"):
        draft.refuse("name", _("A setting is made by the page of settings alone."))


def _follow(drafts: Sequence[Draft]) -> None:
    """The settings that count follow their records, once what belongs together is checked together."""
    values = {str(draft.get("key")): draft.get("value") for draft in drafts if draft.changes("value")}
    changed = {key: value for key, value in values.items() if settings.get(key) != value}
    generation = current().generation
    checks = {} if generation is None else generation.state.get("check_settings", {})
    for plugin in {key.partition(".")[0] for key in changed} & set(checks):
        mine = {key.partition(".")[2]: value for key, value in changed.items() if key.startswith(f"{plugin}.")}
        checks[plugin]({**settings.section(plugin), **mine})
    if changed:
        settings.put(changed)

"""Outgoing web hooks as a record type, and its rules."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from kumiko import Draft, Field, RecordType, current, principal
from kumiko import catalogue as types_known
from kumiko import gettext as _
from kumiko import lazy_gettext as _l
from kumiko_integrations import outside, webhooks
from kumiko_integrations.kept import take_given
from kumiko_integrations.models import WEBHOOK, Webhook
from kumiko_integrations.record_types import HEALTH, SET_UP, USER
from kumiko_integrations.sealing import put_secrets

ACTIONS = ("created", "changed", "deleted")


def known_events() -> list[tuple[str, str, str]]:
    """(event, module or type, label) of everything that a web hook can be told of, as far as the person may see it."""
    found = []
    for info in types_known().types.values():
        label = str(info.type.label_plural)
        words = {"created": _("made"), "changed": _("changed"), "deleted": _("put into the bin")}
        found += [(f"{info.key}.{action}", label, words[action]) for action in ACTIONS]
    generation = current().generation
    for name, owned in sorted((generation.events if generation is not None else {}).items()):
        found.append((name, str(_("Business facts")), str(owned.item.label)))
    return found


def prepare(draft: Draft) -> None:
    """An address that may be called, events that exist, a user whose rights it has."""
    take_given(draft)
    if draft.action not in ("created", "changed"):
        return
    if draft.is_new:
        draft.set("health", draft.get("health") or "new")
        if draft.get("acts_as") is None and principal().user_id is not None:
            draft.set("acts_as", principal().user_id)
    url = draft.get("url") or ""
    if url and draft.changes("url"):
        wrong = outside.check_url(url)
        if wrong:
            draft.refuse("url", wrong)
    if draft.values.get("events") is not None and draft.changes("events"):
        _check_events(draft, draft.values["events"])
    acts_as = draft.get("acts_as")
    if draft.changes("acts_as") and not principal().is_administrator and acts_as != principal().user_id:
        draft.refuse("acts_as", _("Only administrators let a web hook act for somebody else."))
    if draft.get("active") and (not url or acts_as is None) and not draft.is_new:
        draft.guard("active", _("It needs an address and a person whose rights it has, before it is switched on."))
    only = draft.values.get("only")
    if only is not None and not isinstance(only, dict):
        draft.refuse(
            "only", _("wanted a filter such as %(example)s", example='{"f": "outcome", "op": "eq", "v": "won"}')
        )


def _check_events(draft: Draft, events: Any) -> None:
    known = {name for name, _group, _label in known_events()}
    if not isinstance(events, list) or not all(isinstance(one, str) for one in events):
        draft.refuse("events", _('wanted a list of events such as ["deals.deal.changed", "deals.deal_won/1"]'))
        return
    unknown = [one for one in events if one not in known and one not in (draft.before("events") or ())]
    if unknown:
        draft.refuse("events", _("There is no event %(name)r here.", name=unknown[0]))


def after(drafts: Sequence[Draft]) -> None:
    """A new one gets a secret; who is switched on hears of what happens from then on."""
    for draft in drafts:
        record_id = draft.record_id or 0
        if draft.is_new:
            put_secrets(record_id, {"secret": secrets.token_urlsafe(32)})
        if draft.action in ("created", "restored") or (draft.changes("active") and draft.get("active")):
            webhooks.start(record_id)


def webhook() -> RecordType:
    """The record type integrations.webhook."""
    return RecordType(
        key=WEBHOOK, collection="webhooks", label=_l("Web hook"), label_plural=_l("Web hooks"), model=Webhook,
        icon="webhook", hue="pink", grants=SET_UP, menu=False, order=750, importable=False, timeline=False,
        prepare=prepare, after=after, lands_on="/webhooks/{id}/setup",
        fields=(
            Field(name="name", kind="text", label=_l("Name"), required=True, searchable=True, max_length=100),
            Field(name="url", kind="url", label=_l("Address"), help=_l("Where it is told, by POST with JSON.")),
            Field(name="active", kind="boolean", label=_l("Switched on"), default=True),
            Field(name="acts_as", kind="link", to=USER, label=_l("Acts for"),
                  help=_l("What this person may not see is never sent.")),
            Field(name="only_fields", kind="text", label=_l("Only when these fields change"),
                  help=_l("Names with commas, such as stage, amount. Empty: any.")),
            Field(name="only", kind="json", label=_l("Only records that match"), sortable=False, filterable=False,
                  help=_l('A filter in the words of the API, such as {"f": "outcome", "op": "eq", "v": "won"}.')),
            Field(name="events", kind="json", label=_l("Events"), by_hand=False, sortable=False, filterable=False),
            Field(name="health", kind="choice", label=_l("State"), choices=HEALTH, writable=False, derived=True),
            Field(name="last_error", kind="text", label=_l("What is wrong"), writable=False, derived=True),
            Field(name="failing_since", kind="moment", label=_l("Fails since"), writable=False, derived=True),
        ),
        list_columns=("name", "url", "health", "acts_as", "active"), quick_fields=("name", "url"),
        default_sort="name",
    )  # fmt: skip

"""Lines of the security log about who may do what: roles given and taken, people switched off, roles changed."""

from __future__ import annotations

from collections.abc import Sequence

from kumiko.access import audit
from kumiko.records.drafts import Draft


def after_users(drafts: Sequence[Draft]) -> None:
    """Note roles that were given or taken, and who may no longer sign in or may again."""
    for draft in drafts:
        name = str(draft.get("name") or draft.before("name") or "")
        before, after = set(draft.before("roles") or ()), set(draft.get("roles") or ())
        if draft.action in ("created", "changed") and before != after:
            given, taken = ", ".join(sorted(after - before)), ", ".join(sorted(before - after))
            audit.note("roles.given", name, user_id=draft.record_id, given=given, taken=taken)
        if draft.action == "deleted":
            audit.note("user.active", name, user_id=draft.record_id, active="no, deleted")
        elif draft.action == "changed" and draft.changes("active"):
            audit.note("user.active", name, user_id=draft.record_id, active="yes" if draft.get("active") else "no")


def note_roles(drafts: Sequence[Draft]) -> None:
    """Note roles whose rights were changed; which rights stands in the history of the role."""
    for draft in drafts:
        if draft.action != "changed" or draft.changes("grants", "fields", "permissions"):
            fields = [one for one in ("grants", "fields", "permissions") if draft.changes(one)]
            name = str(draft.get("name") or draft.before("name") or "")
            audit.note("role.changed", name, what=draft.action, fields=", ".join(fields))

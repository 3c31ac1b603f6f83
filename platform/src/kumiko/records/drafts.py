"""A record on its way into the store: what it was, what shall change, and what the type's rules say to that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from kumiko.host import context
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.records import field_rules, forms
from kumiko.records.catalogue import FieldInfo, TypeInfo
from kumiko.records.states import State

Action = Literal["created", "changed", "deleted", "restored"]

TEXTS = ("text", "longtext", "email", "phone", "url")

#: Ways that bring history in: rules that guard people's hands only warn there (design 6).
REPLAYING = frozenset({"import", "undo", "merge", "restore"})


class Draft:
    """What `prepare` rules see. `values` holds the new values only; `get` looks there first, then at the old ones.

    Values of list fields are lists of dicts (with `id` for rows that exist), of sets frozensets or dicts.
    """

    def __init__(self, info: TypeInfo, action: Action, values: Mapping[str, Any], state: State | None = None) -> None:
        self.info = info
        self.action: Action = action
        self.values: dict[str, Any] = dict(values)
        self.state = state
        self.record_id: int | None = state.id if state else None
        self.errors: dict[str, list[str]] = {}
        self.warnings: list[str] = []
        self.link_names: dict[tuple[str, int], str] = {}
        self.marks: set[str] = set()  # what rules of one plugin tell those of another about this draft

    @property
    def is_new(self) -> bool:
        return self.action == "created"

    @property
    def via(self) -> str:
        return context.current().via

    @property
    def replaying(self) -> bool:
        """Whether history is brought in (import, undo, merge, restore): guards for people's hands only warn."""
        return self.via in REPLAYING

    def before(self, name: str) -> Any:
        """The stored value; None for a new record."""
        if self.state is None:
            return None
        one = self.info.fields[name]
        if one.kind == "list":
            rows = [
                {"id": int(key), **forms.item_from_journal(one, kept)}
                for key, kept in self.state.many.get(name, {}).items()
            ]
            return sorted(rows, key=lambda row: (row["position"], row["id"]))
        if one.is_many:
            kept = self.state.many.get(name, {})
            return dict(kept) if one.kind == "external_ids" else frozenset(kept)
        return self.state.values.get(name)

    def get(self, name: str) -> Any:
        """The value the record will have."""
        return self.values[name] if name in self.values else self.before(name)

    def set(self, name: str, value: Any) -> None:
        self.values[name] = value

    def changes(self, *names: str) -> bool:
        """Whether one of these fields gets another value than it has."""
        return any(name in self.values and self.values[name] != self.before(name) for name in names)

    def refuse(self, name: str, sentence: str) -> None:
        """Record that the value of a field is not accepted; all refusals are reported together."""
        self.errors.setdefault(name, []).append(sentence)

    def guard(self, name: str, sentence: str) -> None:
        """Refuse when a person is at work, only warn when history is brought in."""
        if self.replaying:
            self.warnings.append(sentence)
        else:
            self.refuse(name, sentence)

    def _fill(self, one: FieldInfo) -> None:
        """Emptied, but its column cannot be: the column's own plain default, an empty text, or a refusal."""
        default = one.columns[0].default
        if default is not None and default.is_scalar:
            self.values[one.name] = default.arg  # type: ignore[attr-defined]
        elif one.kind in TEXTS:
            self.values[one.name] = ""
        else:
            self.refuse(one.name, _("%(label)s is needed.", label=str(one.field.label)))

    def check_given(self) -> None:
        """Invalid when anything was refused; what is missing is nobody's fault yet."""
        if self.errors:
            raise Invalid(_("Some values are not accepted."), self.errors)

    def check(self) -> None:
        """Required fields and collected refusals; Invalid when there are any. What cannot be empty gets its default."""
        for one in self.info.never_empty:
            if self.values.get(one.name, ...) is None:
                self._fill(one)
        for name, sentence in self.missing().items():
            self.refuse(name, sentence)
        self.check_given()

    def missing(self) -> dict[str, str]:
        """Required fields that will be empty -> the sentence that says so."""
        found: dict[str, str] = {}
        rules = self.info.rules
        waiting = {
            name for name in rules if rules[name].required_when is not None or rules[name].shown_when is not None
        }
        for one in self.info.fields.values():
            if not one.field.required and one.name not in waiting:
                continue
            if self.is_new or one.name in self.values:
                is_asked = True
            else:  # a change elsewhere may have made it needed
                is_asked = one.name in waiting and self._makes_needed(one.name)
            if (
                is_asked
                and self.get(one.name) in (None, "", [])
                and field_rules.is_needed(self.info, one.name, self.get)
            ):
                found[one.name] = _("%(label)s is needed.", label=str(one.field.label))
        return found

    def _makes_needed(self, name: str) -> bool:
        """Whether this change alone makes an empty field needed."""
        rule = self.info.rules[name]
        looked_at = {*field_rules.fields_in(rule.required_when), *field_rules.fields_in(rule.shown_when)}
        changed = any(self.changes(self.info.plain(one)) for one in looked_at if self.info.find(one) is not None)
        return changed and not self.replaying and not field_rules.is_needed(self.info, name, self.before)

"""The records that rows link to: found by the text that names them, made once where that was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select

from kumiko.host import context
from kumiko.host.errors import Conflict, Forbidden, Invalid, Veto
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.host.scoping import trusted
from kumiko.imports.cells import Cell
from kumiko.imports.convert import Column, Fault, Habits, parts_of, text_of
from kumiko.imports.plan import EXTERNAL, OTHER_SYSTEM, Leaf, LinkNode, Node, Source
from kumiko.records import inputs, rights
from kumiko.records.catalogue import TypeInfo
from kumiko.records.drafts import Draft
from kumiko.records.models import ExternalId
from kumiko.records.units import OpenUnit
from kumiko.records.writer import write

_external = ExternalId.__table__
SLICE = 500
#: Targets of one type that are remembered.
REMEMBERED = 50_000

#: What rules may say to a record on its way in; anything else is a fault of the programme.
REFUSALS = (Invalid, Conflict, Forbidden, Veto)

#: (field or "" for any of the lookups, text): what a row says about a linked record.
Token = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Target:
    """A record that exists; `team_id` is that of a user."""

    id: int
    team_id: int | None = None


def reason_of(refusal: Exception) -> str:
    """The sentences of a refusal in one line, each behind its field."""
    errors: Mapping[str, Sequence[str]] = getattr(refusal, "errors", {})
    lines = [f"{name}: {' '.join(said)}" if name else " ".join(said) for name, said in errors.items()]
    return "; ".join(lines) or str(refusal)


class Targets:
    """Finds and makes the targets of the links of one import; remembers them for its duration."""

    def __init__(self, columns: Mapping[int, Column]) -> None:
        self._columns = columns  # id(leaf) -> Column
        self._known: dict[tuple[str, tuple[str, ...]], dict[Token, Target | Fault]] = {}
        self._new: dict[tuple[str, str, str], list[Target]] = {}  # (type, field, text): rolled back after a dry run
        self._fresh: list[tuple[dict[Token, Target | Fault], Token, str]] = []  # made since `keep`
        self._made_as: dict[int, str] = {}
        self.made: dict[str, int] = {}

    def made_as(self, record_id: int) -> str | None:
        """The text by which this import made a record; None for one that was there."""
        return self._made_as.get(record_id)

    @property
    def has_fresh(self) -> bool:
        """Whether targets were made since the last `keep` or `take_back`."""
        return bool(self._fresh)

    def keep(self) -> None:
        """What was made is committed (or counted, in a dry run)."""
        self._fresh.clear()

    def take_back(self) -> None:
        """What was made since the last `keep` was rolled back."""
        for known, token, collection in self._fresh:
            known.pop(token, None)
            self.made[collection] -= 1
        self.made = {collection: count for collection, count in self.made.items() if count}
        self._fresh.clear()

    def resolve(
        self, node: LinkNode, rows: Sequence[Mapping[str, Cell]], opened: OpenUnit
    ) -> list[list[Target | Fault]]:
        """What each row links to: an empty list where it says nothing, one member for a link, several for users."""
        said = [self.tokens(node, row) for row in rows]
        known = self._known_of(node)
        if len(known) > REMEMBERED:  # those that were there are found again; those that a dry run made are nowhere
            for token in [
                token for token, hit in known.items() if isinstance(hit, Fault) or hit.id not in self._made_as
            ]:
                del known[token]
        wanted: dict[Token, Mapping[str, Cell]] = {}
        for tokens, row in zip(said, rows, strict=True):
            for token in tokens:
                if token not in known:
                    wanted.setdefault(token, row)
        if wanted:
            self._find(node, wanted, known, opened)
        return [[known[token] for token in tokens] for tokens in said]

    def _known_of(self, node: LinkNode) -> dict[Token, Target | Fault]:
        """What is known about the targets of a type, shared by all links to it: a firm that the deal's link made is the
        one that its person's link means."""
        many = "users" if node.one is not None and node.one.kind == "users" else ""
        return self._known.setdefault((f"{node.info.key}{many}", node.lookups), {})

    def note_new(self, info: TypeInfo, names: Mapping[str, str], record_id: int, *, is_dry: bool) -> None:
        """A row of the file itself became a record; later rows may link to it, also in a dry run."""
        for name, text in names.items():
            self._made_as.setdefault(record_id, text)
            if is_dry:
                self._new.setdefault((info.key, name, text), []).append(Target(record_id))

    def forget_missing(self, nodes: Iterable[LinkNode]) -> None:
        """Look again for what was not found: rows of this file have become records since."""
        for node in nodes:
            known = self._known_of(node)
            for token in [token for token, hit in known.items() if isinstance(hit, Fault)]:
                del known[token]

    def tokens(self, node: LinkNode, row: Mapping[str, Cell]) -> list[Token]:
        leaf = node.leaves.get("id")
        if leaf is not None and (cell := leaf.source.cell(row)) is not None:
            return [("id", text_of(cell).strip())]
        if node.direct is not None and (cell := node.direct.cell(row)) is not None:
            if node.one is not None and node.one.kind == "users":
                return [("", text) for text in parts_of(cell)]
            return [("", " ".join(text_of(cell).split()))]
        for name in node.lookups:
            leaf = node.leaves.get(name)
            if leaf is not None and (cell := leaf.source.cell(row)) is not None:
                return [(name, " ".join(text_of(cell).split()))]
        return []

    def _find(
        self,
        node: LinkNode,
        wanted: Mapping[Token, Mapping[str, Cell]],
        known: dict[Token, Target | Fault],
        opened: OpenUnit,
    ) -> None:
        missing = dict(wanted)
        for name in ("id", *node.lookups):
            asked = {token: _key_text(node.info, name, token[1]) for token in missing if token[0] in ("", name)}
            if name == "id":
                asked = {token: text for token, text in asked.items() if token[0] == "id"}
            if name == "email":
                asked = {token: text for token, text in asked.items() if "@" in text}
            if not asked:
                continue
            hits = self._look_up(node.info, name, set(asked.values()))
            for token, text in asked.items():
                found = hits.get(text)
                if found:
                    known[token] = _the_one(node.info, text, found)
                    del missing[token]
        if missing and node.make:
            self._make(node, missing, known, opened)
        else:
            for token in missing:
                known[token] = _missing(node.info, token[1])

    def _look_up(self, info: TypeInfo, name: str, texts: set[str]) -> dict[str, list[Target]]:
        found: dict[str, list[Target]] = {}
        for text in texts:
            for target in self._new.get((info.key, name, text), ()):
                found.setdefault(text, []).append(target)
        for record_id, team_id, text in look_up(info, name, sorted(texts), readable_only=True):
            hits = found.setdefault(text, [])
            if all(hit.id != record_id for hit in hits):
                hits.append(Target(record_id, team_id))
        return found

    def _make(
        self,
        node: LinkNode,
        missing: Mapping[Token, Mapping[str, Cell]],
        known: dict[Token, Target | Fault],
        opened: OpenUnit,
    ) -> None:
        tokens, rows = list(missing), list(missing.values())
        linked = {name: self.resolve(child, rows, opened) for name, child in node.links.items()}
        drafts: list[tuple[Token, Draft]] = []
        for at, (token, row) in enumerate(zip(tokens, rows, strict=True)):
            try:
                values = self._values(node, token, row, {name: hits[at] for name, hits in linked.items()})
                draft = inputs.draft_of_new(node.info, values)
                inputs.check_assignment([draft])
                inputs.run_rules([draft])
                inputs.check_external_ids([draft])
                draft.check()
            except REFUSALS as refusal:
                what = inside(node.info.type.label)
                known[token] = Fault(_("the %(what)s %(text)r cannot be made: %(why)s",
                                       what=what, text=token[1], why=reason_of(refusal)))  # fmt: skip
            else:
                drafts.append((token, draft))
        write(opened, [draft for _token, draft in drafts])
        for token, draft in drafts:
            self._made_as[draft.record_id or 0] = token[1]
            known[token] = Target(draft.record_id or 0, draft.get("team") if "team" in draft.info.fields else None)
            self._fresh.append((known, token, node.info.collection))
        if drafts:
            self.made[node.info.collection] = self.made.get(node.info.collection, 0) + len(drafts)

    def _values(
        self, node: LinkNode, token: Token, row: Mapping[str, Cell], linked: Mapping[str, list[Target | Fault]]
    ) -> dict[str, Any]:
        values, faults = read_leaves(node, row, self._columns)
        name = token[0] or ("email" if "@" in token[1] and "email" in node.lookups else "name")
        if name not in node.leaves and name != "id":
            one = node.info.fields.get(name)
            if one is None and name != EXTERNAL:
                raise Invalid(_("they have no name; map another field"))
            found = Column(Leaf(Source(name), one), Habits()).read(token[1])
            if isinstance(found, Fault):
                faults.append(f"{name}: {found.sentence}")
            elif name == EXTERNAL:
                values["external_ids"] = {"": found}
            else:
                values[name] = found
        put_links(node.info, values, linked, faults, is_new=True)
        if name == "id" or faults:
            raise Invalid("; ".join(faults) or _("a record is not made by its id; it gets one"))
        return values


def read_leaves(node: Node, row: Mapping[str, Cell], columns: Mapping[int, Column]) -> tuple[dict[str, Any], list[str]]:
    """Checked values of the cells that hold something, and sentences about those that are not accepted."""
    values: dict[str, Any] = {}
    faults: list[str] = []
    for name, leaf in node.leaves.items():
        cell = leaf.source.cell(row)
        if cell is None or name == "id":
            continue
        currency = None
        if leaf.currency is not None:
            said = leaf.currency.cell(row)
            currency = None if said is None else str(said)
        found = columns[id(leaf)].read(cell, currency)
        if isinstance(found, Fault):
            faults.append(f"{leaf.source.path}: {found.sentence}")
        elif leaf.one is None:
            values.setdefault("external_ids", {})[leaf.system] = found
        elif found is not None:
            values[name] = found
    if "external_ids" in values:
        values["external_ids"] = dict(values["external_ids"])
    return values, faults


def put_links(
    info: TypeInfo,
    values: dict[str, Any],
    linked: Mapping[str, list[Target | Fault]],
    faults: list[str],
    *,
    is_new: bool,
    owner_before: int | None = None,
) -> None:
    """Put what links lead to into the values. A new owner brings the owner's team, unless the row names another."""
    for name, hits in linked.items():
        faults += [f"{name}: {hit.sentence}" for hit in hits if isinstance(hit, Fault)]
        targets = [hit for hit in hits if isinstance(hit, Target)]
        if not targets:
            continue
        if info.fields[name].kind == "users":
            values[name] = frozenset(str(target.id) for target in targets)
        else:
            values[name] = targets[0].id
    owner = next((hit for hit in linked.get("owner", ()) if isinstance(hit, Target)), None)
    if (
        owner is not None
        and owner.team_id is not None
        and "team" not in values
        and (is_new or owner.id != owner_before)
    ):
        values["team"] = owner.team_id


def look_up(
    info: TypeInfo, name: str, texts: Sequence[str], *, readable_only: bool
) -> Iterable[tuple[int, int | None, str]]:
    """(id, team id, text) of live records whose field `name` ("id", "external_id", a text) is one of `texts`."""
    table = info.table
    limit = rights.criterion(info, context.principal()) if readable_only else table.c.deleted_at.is_(None)
    wanted: Any = bindparam("texts", expanding=True)
    keys: list[Any] = list(texts)
    if name == EXTERNAL:
        query = (
            select(table.c.id, table.c.team_id, _external.c.value)
            .join_from(_external, table, table.c.id == _external.c.record_id)
            .where(_external.c.type_key == info.key, _external.c.system == "", _external.c.value.in_(wanted))
        )
    else:
        one = info.fields.get(name)
        if name != "id" and (one is None or not one.columns or one.extension):
            return
        column = table.c.id if name == "id" or one is None else one.columns[0]
        if column.type.python_type is int:
            keys = [int(text) for text in texts if text.isdigit() and len(text) < 19]
        query = select(table.c.id, table.c.team_id, column).where(column.in_(wanted))
    if limit is not None:
        query = query.where(limit)
    for start in range(0, len(keys), SLICE):
        for record_id, team_id, value in trusted(query, {"texts": keys[start : start + SLICE]}):
            yield record_id, team_id, str(value)


def _key_text(info: TypeInfo, name: str, text: str) -> str:
    one = info.fields.get(name)
    return text.lower() if one is not None and one.kind == "email" else text


def _missing(info: TypeInfo, text: str) -> Fault:
    return Fault(_("there is no %(what)s %(shown)s that you may see", what=inside(info.type.label),
                   shown=repr(text[:80])))  # fmt: skip


def _the_one(info: TypeInfo, text: str, found: Sequence[Target]) -> Target | Fault:
    """What a text means: the only one that bears it, or the one that the type prefers."""
    if len(found) > 1 and info.type.prefers is not None:
        chosen = info.type.prefers([one.id for one in found])
        found = [one for one in found if one.id == chosen] or found
    return found[0] if len(found) == 1 else _ambiguous(info, text, found)


def _ambiguous(info: TypeInfo, text: str, found: Sequence[Target]) -> Fault:
    ids = ", ".join(str(target.id) for target in found[:3])
    return Fault(
        _("%(count)d %(what)s are meant by %(shown)s (ids %(ids)s); name one by its external id",
          count=len(found), what=inside(info.type.label_plural), shown=repr(text[:80]), ids=ids)
    )  # fmt: skip


def other_systems(node: Node) -> bool:
    """Whether ids in other systems are mapped."""
    return any(name.startswith(OTHER_SYSTEM) for name in node.leaves)

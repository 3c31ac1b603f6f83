"""From wishes to a plan: every path looked up in the record type, every column found in the file, once per import."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kumiko.host import context
from kumiko.host.errors import Forbidden, Invalid, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.imports.cells import Cell
from kumiko.imports.wishes import Wishes
from kumiko.records import rights
from kumiko.records.catalogue import USER, FieldInfo, TypeInfo, catalogue
from kumiko.records.field_names import why_off

EXTERNAL = "external_id"
OTHER_SYSTEM = "external_ids."
#: Kinds of fields that can tell one record from another.
KEY_KINDS = frozenset({"text", "email", "phone", "url", "integer", "date"})


@dataclass
class Source:
    """Where the cells of one path come from: a column of the file, else a constant; `words`: theirs -> ours."""

    path: str
    column: str | None = None
    constant: str | None = None
    words: dict[str, str] = field(default_factory=dict)

    def cell(self, row: Mapping[str, Cell]) -> Cell:
        value = row.get(self.column) if self.column is not None else None
        if value is None:
            value = self.constant
        if self.words and value is not None:
            text = str(value)
            ours = self.words.get(text)
            if ours is None:
                ours = self.words.get(text.strip().casefold())
            return value if ours is None else ours or None
        return value


@dataclass
class Leaf:
    """A field that is filled from cells. `one` is None for the default external id; `system` names another one."""

    source: Source
    one: FieldInfo | None
    system: str = ""
    currency: Source | None = None


@dataclass
class Node:
    """A record that a row describes: the imported one, or one that it links to."""

    info: TypeInfo
    path: str = ""
    leaves: dict[str, Leaf] = field(default_factory=dict)
    links: dict[str, LinkNode] = field(default_factory=dict)
    currencies: dict[str, Source] = field(default_factory=dict)

    def all_links(self) -> Iterator[LinkNode]:
        for one in self.links.values():
            yield one
            yield from one.all_links()

    def sources(self) -> Iterator[Source]:
        for leaf in self.leaves.values():
            yield leaf.source
        yield from self.currencies.values()
        for one in self.links.values():
            if one.direct is not None:
                yield one.direct
            yield from one.sources()


@dataclass
class LinkNode(Node):
    """A linked record: `direct` holds the text that names it, `lookups` the fields it is looked for by, in order."""

    one: FieldInfo | None = None
    direct: Source | None = None
    make: bool = False
    lookups: tuple[str, ...] = ()

    def naming(self) -> Source | None:
        """The source of the text that tells the target: its own column, else the best of its fields."""
        if self.direct is not None:
            return self.direct
        for name in ("id", *self.lookups):
            if name in self.leaves:
                return self.leaves[name].source
        return None


@dataclass
class Plan:
    """What is done with each row. `key` is "" when every row makes a new record."""

    wishes: Wishes
    root: Node
    key: str
    unmapped: tuple[str, ...]
    columns: tuple[str, ...]  # those that are read

    @property
    def info(self) -> TypeInfo:
        return self.root.info

    def self_links(self) -> list[LinkNode]:
        """Links of the imported type to itself, which rows of one file may fulfil for each other."""
        return [one for one in self.root.links.values() if one.info.key == self.info.key and one.naming() is not None]


def find_collection(collection: str, *, to_import: bool = True) -> TypeInfo:
    """The type behind a collection; NotFound, or Forbidden when it cannot be imported, with a sentence."""
    types = catalogue()
    info = types.by_collection.get(collection)
    if info is None:
        known = sorted(one.collection for one in types.types.values() if one.type.importable or not to_import)
        offered = ", ".join(known)
        raise NotFound(_("There is no collection %(name)r; there are: %(offered)s.", name=collection, offered=offered))
    if to_import and not info.type.importable:
        raise Forbidden(_("%(what)s cannot be imported.", what=str(info.type.label_plural)))
    return info


def require_permission() -> None:
    """Forbidden, with a sentence, for people who may not import files at all."""
    if not context.principal().may("import.run"):
        raise Forbidden(_("Your role does not allow you to import files; ask an administrator."))


def compile_plan(wishes: Wishes, columns: Sequence[str]) -> Plan:
    """The plan for a file with these columns. Invalid, NotFound, Forbidden: sentences about the import as a whole."""
    info = find_collection(wishes.collection)
    person = context.principal()
    if rights.level(info, person, "create") == "none" and rights.level(info, person, "edit") == "none":
        rights.require("create", info)
    created = {name: find_collection(name) for name in wishes.create}
    root = Node(info)
    if not wishes.maps:
        wishes = _mapped_by_title(wishes, info, columns)
    sources: dict[str, Source] = {}
    for named, column in wishes.maps:
        path = info.plain(named)
        source = sources.setdefault(path, Source(path))
        if source.column is not None:
            raise Invalid(_("The field %(path)s is mapped twice.", path=path))
        source.column = _column(column, columns)
    for named, text in wishes.sets:
        path = info.plain(named)
        sources.setdefault(path, Source(path)).constant = text or None
    for named, theirs, ours in wishes.values:
        path = info.plain(named)
        if path not in sources:
            raise Invalid(_("Values of %(path)s are given, but no column is mapped to it; map one as well.", path=path))
        sources[path].words[theirs] = ours
        sources[path].words.setdefault(theirs.strip().casefold(), ours)
    for path, source in sources.items():
        _place(root, path.split("."), source, created)
    _set_currencies(root)
    for link in root.all_links():
        _finish_link(link, created)
    for name, target in created.items():
        if not any(link.info is target for link in root.all_links()):
            raise Invalid(
                _("%(name)s shall be made where they are missing, but no column names any; map a field that links to "
                  "them.", name=name)
            )  # fmt: skip
    read = tuple(dict.fromkeys(source.column for source in sources.values() if source.column is not None))
    if not read:
        raise Invalid(
            _("No column is mapped to a field. Columns of the file: %(columns)s. Fields: %(fields)s.",
              columns=", ".join(columns), fields=", ".join(field_paths(info)))
        )  # fmt: skip
    key = _key(wishes, root)
    return Plan(wishes, root, key, tuple(one for one in columns if one not in read), read)


def field_paths(info: TypeInfo) -> list[str]:
    """Names of the fields of a type that an import may fill."""
    names = [name for name, one in info.writable(context.principal()).items() if one.kind != "external_ids"]
    return [EXTERNAL, *names]


def is_fillable(info: TypeInfo, path: str) -> bool:
    """Whether a path names a field that the person may fill; through a link, one of a type that can be imported."""
    head, dot, rest = path.partition(".")
    if path == EXTERNAL:
        return True
    one = info.writable(context.principal()).get(head)
    if one is None or not dot:
        return one is not None and one.kind != "external_ids"
    if one.kind == "money":
        return rest in ("currency", "value")
    target = catalogue().find(one.field.to) if one.kind == "link" else None
    return target is not None and target.type.importable and is_fillable(target, rest)


def _mapped_by_title(wishes: Wishes, info: TypeInfo, columns: Sequence[str]) -> Wishes:
    """Without any mapping, columns that bear the name of a field are taken: what an export writes comes in again.

    Ids mean something only in the installation they come from, so they count when the key says so.
    """
    known = set(field_paths(info))
    maps: list[tuple[str, str]] = []
    for column in columns:
        path = info.plain(column)
        head, _dot, rest = path.partition(".")
        one = info.fields.get(head)
        if (
            path in known
            or (one is not None and one.kind == "money" and rest == "currency" and head in known)
            or (wishes.key == "id" and (column == "id" or (rest == "id" and head in known)))
        ):
            maps.append((path, column))
    if not maps:
        raise Invalid(
            _("No column bears the name of a field, so say which goes where (--map FIELD=COLUMN). Columns of the file: "
              "%(columns)s. Fields: %(fields)s.", columns=", ".join(columns), fields=", ".join(sorted(known)))
        )  # fmt: skip
    return Wishes(**{**{name: getattr(wishes, name) for name in wishes.__dataclass_fields__}, "maps": tuple(maps)})


def _column(wanted: str, columns: Sequence[str]) -> str:
    if wanted in columns:
        return wanted
    alike = [one for one in columns if one.casefold() == " ".join(wanted.split()).casefold()]
    if len(alike) == 1:
        return alike[0]
    raise Invalid(
        _("The file has no column %(name)r; its columns are: %(columns)s.", name=wanted, columns=", ".join(columns))
    )


def _place(node: Node, steps: Sequence[str], source: Source, created: Mapping[str, TypeInfo]) -> None:
    """Put a source to the field it fills."""
    name, rest = steps[0], steps[1:]
    info = node.info
    one = info.find(name)
    name = one.name if one is not None else name
    if name in ("id", EXTERNAL) and not rest:
        node.leaves[name] = Leaf(source, None)
        return
    if name == "external_ids" and len(rest) == 1:
        node.leaves[f"{OTHER_SYSTEM}{rest[0]}"] = Leaf(source, None, system=rest[0][:80])
        return
    money = [field.name for field in info.fields.values() if field.kind == "money"]
    if one is None and name == "currency" and not rest and len(money) == 1:
        node.currencies[money[0]] = source
        return
    if one is None:
        raise _unknown(node, name, source)
    _check_writable(node, one, source)
    if one.kind in ("link", "users"):
        link = _link(node, one)
        if rest:
            _place(link, rest, source, created)
        else:
            link.direct = source
    elif one.kind == "money" and list(rest) == ["currency"]:
        node.currencies[name] = source
    elif one.kind == "money" and list(rest) == ["value"]:
        node.leaves[name] = Leaf(source, one)
    elif rest:
        raise Invalid(_("%(path)s leads nowhere: %(name)s is no link.", path=source.path, name=name))
    elif one.kind == "external_ids":
        raise Invalid(
            _("Map external_id, or external_ids.SYSTEM for the id in another system, instead of external_ids.")
        )
    else:
        node.leaves[name] = Leaf(source, one)


def _link(node: Node, one: FieldInfo) -> LinkNode:
    if one.name not in node.links:
        target = catalogue().find(one.field.to or USER)
        if target is None:
            raise Invalid(_("%(name)s links to a module that is switched off.", name=one.name))
        path = f"{node.path}.{one.name}" if node.path else one.name
        node.links[one.name] = LinkNode(target, path, one=one)
    return node.links[one.name]


def _unknown(node: Node, name: str, source: Source) -> Invalid:
    off = why_off(node.info, name)
    if off:
        return Invalid(_("%(path)s cannot be filled: %(why)s.", path=source.path, why=off))
    known = field_paths(node.info)
    close = difflib.get_close_matches(name, known, n=1)
    hint = _(" Did you mean %(name)s?", name=close[0]) if close else ""
    return Invalid(
        _("%(what)s have no field %(name)r (asked for by %(path)s). Fields: %(known)s.%(hint)s",
          what=str(node.info.type.label_plural), name=name, path=source.path, known=", ".join(known), hint=hint)
    )  # fmt: skip


def _check_writable(node: Node, one: FieldInfo, source: Source) -> None:
    if one.name in node.info.writable(context.principal()):
        return
    raise Invalid(
        _("The field %(path)s is kept by the system or read-only for you, so an import cannot fill it.",
          path=source.path)
    )  # fmt: skip


def _set_currencies(root: Node) -> None:
    """An amount takes its currency from its own part, else from the record's field `currency`."""
    for node in (root, *root.all_links()):
        general = node.leaves.get("currency")
        for name, leaf in node.leaves.items():
            if leaf.one is not None and leaf.one.kind == "money":
                leaf.currency = node.currencies.get(name) or (general.source if general else None)
        for name, source in node.currencies.items():
            if name not in node.leaves:
                raise Invalid(
                    _(
                        "A currency is given by %(path)s, but no column is mapped to %(name)s.",
                        path=source.path,
                        name=name,
                    )
                )


def _finish_link(link: LinkNode, created: Mapping[str, TypeInfo]) -> None:
    link.make = link.info.collection in created
    if link.make:
        rights.require("create", link.info)
    names = [EXTERNAL, *(name for name in link.info.type.keys if name != EXTERNAL)]
    may_be_named = link.make or link.info.type.dictionary or bool(link.info.type.public)
    if may_be_named and "name" not in names:
        names.append("name")
    link.lookups = tuple(names)
    if link.naming() is None:
        raise Invalid(
            _("%(path)s is filled in part, but nothing says which record is meant; map %(path)s itself or one of: "
              "%(names)s.", path=link.path, names=", ".join(f"{link.path}.{name}" for name in names))
        )  # fmt: skip


def _key(wishes: Wishes, root: Node) -> str:
    if not wishes.key:
        return next((name for name in (EXTERNAL, *root.info.type.keys) if _can_be_key(root, name)), "")
    if wishes.key not in root.leaves:
        raise Invalid(
            _("The key %(key)s is not mapped to a column; add a mapping for it.", key=wishes.key)
            if wishes.key in (*root.info.fields, "id", EXTERNAL)
            else _("%(what)s have no field %(name)r that could be a key; possible are: %(known)s.",
                   what=str(root.info.type.label_plural), name=wishes.key, known=", ".join(root.info.type.keys))
        )  # fmt: skip
    if not _can_be_key(root, wishes.key):
        raise Invalid(_("%(name)s cannot be a key; take one of: %(known)s.", name=wishes.key,
                        known=", ".join((EXTERNAL, *root.info.type.keys))))  # fmt: skip
    return wishes.key


def _can_be_key(root: Node, name: str) -> bool:
    leaf: Any = root.leaves.get(name)
    if leaf is None or leaf.source.column is None:
        return False
    return leaf.one is None or (leaf.one.kind in KEY_KINDS and not leaf.one.extension)

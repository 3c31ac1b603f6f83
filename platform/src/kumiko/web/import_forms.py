"""The step "match" of an import: what can be chosen there, and the mapping that its form sends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from kumiko.host.context import principal
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.imports.doubles import CREATE, SKIP, UPDATE
from kumiko.imports.facts import MOST_WORDS
from kumiko.imports.plan import field_paths, find_collection
from kumiko.imports.runs import Run
from kumiko.imports.wishes import RUN, Wishes
from kumiko.records import rights
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue
from kumiko.web.viewmodels import FieldView, Option

#: Records of a linked type that are offered for a word of the file; of larger types the name must be right.
MOST_TARGETS = 60
_DAYS, _NUMBERS = ("date", "moment"), ("integer", "number", "percent", "money")
Group = tuple[str, list[tuple[str, str]]]


def importable() -> list[TypeInfo]:
    """Types that the person may bring in, by their label."""
    found = [info for info in catalogue().types.values() if info.type.importable and rights.may("create", info.key)]
    return sorted(found, key=lambda info: str(info.type.label_plural))


def offered(info: TypeInfo) -> list[Group]:
    """Groups of (path, label) that a column may go to: the record's own fields, then those of records it links to."""
    groups: list[Group] = [(str(info.type.label), _fields_of(info, ""))]
    for name, one in info.writable(principal()).items():
        target = catalogue().find(one.field.to) if one.kind == "link" and one.field.to else None
        if target is None or target is info or not target.type.importable or name in ("owner", "team"):
            continue
        if target.type.dictionary or target.key.startswith("access.") or not rights.may("create", target.key):
            continue
        groups.append((str(one.field.label), _fields_of(target, f"{name}.", f"{one.field.label}: ")))
    return groups


def _fields_of(info: TypeInfo, prefix: str, title: str = "") -> list[tuple[str, str]]:
    writable = info.writable(principal())
    found: list[tuple[str, str]] = []
    for path in field_paths(info):
        one = writable.get(path)
        if prefix and one is not None and (one.kind in ("list", "json", "record") or not one.field.by_hand):
            continue
        label = str(one.field.label) if one is not None else _("Id in the other system")
        found.append((f"{prefix}{path}", f"{title}{label}"))
        if one is not None and one.kind == "money":
            found.append((f"{prefix}{path}.currency", f"{title}{_('%(label)s: currency', label=label)}"))
    return found


def general_fields(info: TypeInfo, wishes: Wishes) -> tuple[FieldView, ...]:
    """What is said for all rows."""
    keys = ("external_id", *(key for key in info.type.keys if key != "external_id"))
    labels = dict(offered(info)[0][1])
    fields = [
        _choice("key", _("Recognise existing records by"), wishes.key, [(key, labels.get(key, key)) for key in keys],
                _("Left empty: the first of these that is matched above; without any, every row makes a new record.")),
        _choice("duplicates", _("Rows that seem to be there already"), wishes.duplicates,
                [(SKIP, _("Leave out and list them")), (UPDATE, _("Change the record that is there")),
                 (CREATE, _("Bring in all the same"))],
                _("When the key above finds nothing: looked for by e-mail, name, phone and the other rules for "
                  "duplicates, among the records and the rows above. Only a sure match is changed.")),
        _choice("date_order", _("Days such as 3/4/2025"), wishes.date_order,
                [("dmy", _("Day first")), ("mdy", _("Month first"))],
                _("Only needed when the column does not show it by itself.")),
        _choice("decimal_mark", _("Numbers such as 1,234"), wishes.decimal_mark,
                [(".", _("1,234 is one thousand")), (",", _("1,234 is one point two"))],
                _("Only needed when the column does not show it by itself.")),
        _choice("automations", _("Automations"), wishes.automations or "muted",
                [("muted", _("Muted; only processes that ask for imports run")), (RUN, _("Run as if people typed it"))],
                _("Muted, no mail leaves and no task is made because of this import."), required=True),
    ]  # fmt: skip
    if any(one.kind == "money" for one in info.fields.values()):
        given = dict(wishes.sets)
        name = next(one.name for one in info.fields.values() if one.kind == "money")
        fields.append(FieldView("set-currency", _("Currency of amounts"), "text", given.get(f"{name}.currency", ""),
                                max_length=3, help=_("Such as USD, when the file does not say it.")))  # fmt: skip
    targets = {one.field.to for one in info.fields.values() if one.kind == "link"} | {info.key}
    made = tuple(
        Option(other.collection, str(other.type.label_plural), chosen=other.collection in wishes.create)
        for other in importable()
        if other.key in targets
    )
    fields.append(FieldView("create", _("Make linked records that are missing"), "multichoice", options=made))
    return tuple(fields)


def _choice(
    name: str, label: str, value: str, options: Sequence[tuple[str, str]], text: str, *, required: bool = False
) -> FieldView:
    return FieldView(
        name, label, "choice", value, options=tuple(Option(key, said, chosen=key == value) for key, said in options),
        help=text, required=required,
    )  # fmt: skip


def word_fields(info: TypeInfo, wishes: Wishes, run: Run) -> tuple[tuple[str, tuple[FieldView, ...]], ...]:
    """For matched columns of few words: which of our values each means, where it is not plain."""
    given = {(path, theirs): ours for path, theirs, ours in wishes.values}
    words_of = {one["name"]: one["words"] for one in run.facts.get("columns", ())}
    found: list[tuple[str, tuple[FieldView, ...]]] = []
    for path, column in wishes.maps:
        one, words = info.fields.get(path), words_of.get(column)
        options = _our_words(one) if one is not None and words else None
        if one is None or not words or not options:
            continue
        known = {text.casefold() for text, _label in options} | {label.casefold() for _text, label in options}
        known |= _addresses(one)
        fields = tuple(
            FieldView(
                f"word:{path}:{word}", word, "choice", given.get((path, word), ""),
                options=tuple(Option(key, label, chosen=given.get((path, word)) == key) for key, label in options),
            )
            for word in words[:MOST_WORDS]
            if word.strip().casefold() not in known
        )  # fmt: skip
        if fields:
            found.append((str(one.field.label), fields))
    return tuple(found)


def _our_words(one: FieldInfo) -> list[tuple[str, str]]:
    """(text, label) of what a field can hold: its choices, or the records of a small type that it links to."""
    if one.kind in ("choice", "multichoice"):
        return [(key, str(choice.label)) for key, choice in one.choices.items()]
    target = catalogue().find(one.field.to) if one.kind == "link" and one.field.to else None
    if target is None or not (target.type.dictionary or target.type.public) or "name" not in target.fields:
        return []
    table, limit = target.table, rights.criterion(target, principal())
    query = select(table.c.name).where(table.c.deleted_at.is_(None)).distinct().order_by(table.c.name)
    names = trusted(query if limit is None else query.where(limit)).scalars().fetchmany(MOST_TARGETS + 1)
    return [(name, name) for name in names] if len(names) <= MOST_TARGETS else []


def _addresses(one: FieldInfo) -> set[str]:
    """E-mail addresses by which users are known as well as by their names."""
    target = catalogue().find(one.field.to) if one.kind == "link" and one.field.to else None
    if target is None or "email" not in target.type.keys or not target.type.public:
        return set()
    column = target.fields["email"].columns[0]
    return {
        text.casefold() for text in trusted(select(column).where(target.table.c.deleted_at.is_(None))).scalars() if text
    }


def note_of(info: TypeInfo, path: str, column: Mapping[str, Any]) -> str:
    """How days or numbers of a matched column are read, as its own cells show."""
    one = info.fields.get(path)
    if one is None:
        return ""
    if one.kind in _DAYS and column.get("date_order"):
        return (
            _("Day first, as its days show.") if column["date_order"] == "dmy" else _("Month first, as its days show.")
        )
    if one.kind in _NUMBERS and column.get("decimal_mark") == ",":
        return _("With a decimal comma, as its numbers show.")
    return ""


def wishes_of_form(run: Run, form: Any) -> Wishes:
    """The mapping that the form of the step "match" sends."""
    info = find_collection(run.collection)
    maps: dict[str, str] = {}
    for number, name in enumerate(run.columns):
        path = form.get(f"column-{number}", "")
        if path in maps:
            raise Invalid(_("The field %(path)s is mapped twice.", path=path))
        if path:
            maps[path] = name
    sets: dict[str, str] = {}
    currency = form.get("set-currency", "").strip()
    if currency:
        sets = {
            f"{one.name}.currency": currency
            for one in info.fields.values()
            if one.kind == "money" and one.name in maps and f"{one.name}.currency" not in maps
        }
    values = []
    for name, ours in form.items():
        if name.startswith("word:") and ours:
            _word, path, theirs = name.split(":", 2)
            if path in maps:
                values.append((path, theirs, ours))
    maps |= dict(_belonging(info, maps))
    reached = _reached(info, maps)
    brought = {catalogue().types[info.fields[head].field.to].collection
               for head in {path.partition(".")[0] for path in maps if "." in path}
               if head in info.fields and info.fields[head].kind == "link"}  # fmt: skip
    return Wishes.from_json({
        "collection": run.collection,
        "map": maps,
        "set": sets,
        "values": values,
        "key": form.get("key", ""),
        "create": sorted({name for name in form.getlist("create") if name in reached} | brought),
        **{name: form.get(name, "") for name in ("date_order", "decimal_mark", "duplicates", "automations")},
    })  # fmt: skip


def _belonging(info: TypeInfo, maps: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """A person that a row brings along belongs to the organization that the row names, when it names one."""
    for path in maps:
        head, dot, _rest = path.partition(".")
        one = info.fields.get(head)
        target = catalogue().find(one.field.to) if dot and one is not None and one.kind == "link" else None
        for name, link in target.fields.items() if target is not None else ():
            if link.kind != "link" or name in ("owner", "team", head) or not link.field.writable:
                continue
            same = info.fields.get(name)
            source = next((one for one in (name, f"{name}.name") if one in maps), None)
            if same is not None and same.field.to == link.field.to and source and f"{head}.{name}" not in maps:
                yield f"{head}.{name}", maps[source]


def _reached(info: TypeInfo, maps: Mapping[str, str]) -> set[str]:
    """Collections of the records that mapped paths lead to."""
    found: set[str] = set()
    for path in maps:
        here: TypeInfo | None = info
        for step in path.split("."):
            one = here.fields.get(step) if here is not None else None
            here = catalogue().find(one.field.to) if one is not None and one.kind == "link" and one.field.to else None
            if here is not None:
                found.add(here.collection)
    return found


def cells_of_form(run: Run, form: Any) -> dict[int, dict[str, str]]:
    """Rows of the correction table that are to be brought in: number -> column -> text."""
    found: dict[int, dict[str, str]] = {}
    for name, text in form.items():
        number, dash, column = name.removeprefix("cell-").partition("-")
        if not (name.startswith("cell-") and dash and number.isdecimal() and column.isdecimal()):
            continue
        if f"take-{number}" in form and int(column) < len(run.columns):
            found.setdefault(int(number), {})[run.columns[int(column)]] = text
    if not found:
        raise Invalid(_("Tick the rows that shall be brought in."))
    return found

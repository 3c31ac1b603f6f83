"""Random writes over every record type of a full house, and the state that undo must lead back to."""

import json
from contextlib import suppress
from datetime import date, timedelta

from sqlalchemy import MetaData, inspect, select, text

from kumiko.access.record_types import USER
from kumiko.host import context
from kumiko.host.errors import KumikoError
from kumiko.host.scoping import trusted
from kumiko.records import queries, service, units
from kumiko.records.catalogue import catalogue, item_fields
from kumiko.records.history import history
from kumiko.records.record_refs import referable
from kumiko.records.undo import undo

WORDS = ("lamp", "desk", "north", "blue", "seven", "oak", "river")
#: Columns that a change leaves behind: when and by whom a row was written last, and how often.
STAMPS = {"updated_at", "updated_by_id", "version"}
#: Rows that are made anew from the journal get new numbers.
NUMBERED = {("sales_stay", "id")}
#: Tables that undo has nothing to do with: the journal itself, work to be done, what people were told or did.
APART = (
    "records_unit", "records_entry", "records_mark", "records_event", "records_idempotency", "jobs_", "host_",
    "notify_", "access_session", "access_token", "access_audit", "access_attempt", "mailing_", "alembic", "version_",
    "records_search_fts", "sqlite_",
    "integrations_feed",  # how far others were told
    "duplicates_merged",  # which unit merged what; it counts while that unit does (leading.merged_into)
    "deals_turn",  # a turn that was dealt stays dealt
    "deals_receipt",  # what came in once does not come in again, although it was taken back
)  # fmt: skip


def texts(dice):
    return " ".join(dice.sample(WORDS, dice.randrange(1, 4)))


class Chaos:
    """Random writes: `act()` does one as whoever is acting. `done` counts the accepted ones by what they are."""

    def __init__(self, dice, types=None):
        self.dice = dice
        self.done = {}
        self.refused = {}
        self.units = []
        self.types = types

    # ---------------------------------------------------------------- what there is

    def infos(self):
        return [one for one in catalogue().types.values() if self.types is None or one.key in self.types]

    def ids_of(self, info, *, deleted=False, limit=60):
        page = queries.list_page(info, names=("name",), sort="-id", limit=limit, deleted=deleted)
        return [row[0] for row in page.rows]

    def some_id(self, type_key, *, deleted=False):
        info = catalogue().find(type_key)
        ids = self.ids_of(info, deleted=deleted) if info is not None else []
        return self.dice.choice(ids) if ids else None

    # ---------------------------------------------------------------- values

    def value(self, one, depth=0):
        dice, kind = self.dice, one.kind
        if not one.field.required and dice.random() < 0.15:
            return None
        if kind in ("text", "longtext"):
            limit = one.field.max_length or 200
            return (f"{texts(dice)} {dice.randrange(1000)}" if limit >= 30 else dice.choice(WORDS))[:limit]
        if kind == "email":
            return f"{dice.choice(WORDS)}{dice.randrange(60)}@{dice.choice(WORDS)}.example"
        if kind == "url":
            return f"https://{dice.choice(WORDS)}.example/{dice.randrange(9)}"
        if kind == "phone":
            return f"+49 30 90{dice.randrange(10000, 99999)}"
        if kind == "money":
            amount = f"{dice.randrange(1, 9000)}.{dice.randrange(10, 99)}"
            return {"value": amount, "currency": dice.choice(["EUR", "USD"])}
        if kind in ("integer", "number", "percent"):
            least = int(one.field.minimum) if one.field.minimum is not None else 0
            most = int(one.field.maximum) if one.field.maximum is not None else 90
            return dice.randint(least, max(least, min(most, least + 90)))
        if kind == "boolean":
            return dice.random() < 0.5
        if kind in ("date", "moment"):
            day = date(2026, 1, 5) + timedelta(days=dice.randrange(700))
            return day.isoformat() if kind == "date" else f"{day}T{dice.randrange(7, 18):02}:30:00Z"
        if kind == "choice":
            return dice.choice(list(one.choices)) if one.choices else None
        if kind == "multichoice":
            keys = list(one.choices)
            return dice.sample(keys, dice.randrange(len(keys) + 1)) if keys else None
        if kind == "link":
            return self.some_id(one.field.to)
        if kind == "users":
            return [found] if (found := self.some_id(USER)) else []
        if kind == "tags":
            return dice.sample(WORDS, dice.randrange(3))
        if kind == "external_ids":
            return None
        if kind == "record":
            infos = [info for info in referable(catalogue()) if info.key in ("deals.deal", "parties.person")]
            info = dice.choice(infos) if infos else None
            found = self.some_id(info.key) if info is not None else None
            return {"type": info.key, "id": found} if found else None
        if kind == "list" and depth == 0:
            rows = []
            for _number in range(dice.randrange(3)):
                row = {item.name: self.value(item, 1) for item in item_fields(one) if item.field.writable}
                rows.append({name: value for name, value in row.items() if value is not None})
            return rows
        return None

    def values(self, info, count=None):
        writable = [one for one in info.writable(context.principal()).values() if one.name != "external_ids"]
        if count is not None:
            writable = self.dice.sample(writable, min(count, len(writable)))
        elif self.dice.random() < 0.7:  # the rest of the optional ones stay empty
            writable = [one for one in writable if one.field.required or self.dice.random() < 0.5]
        found = {one.name: self.value(one) for one in writable}
        return {name: value for name, value in found.items() if value is not None or count is not None}

    # ---------------------------------------------------------------- deeds

    def create(self, info):
        if info.type.creatable:
            values = self.values(info)
            if self.dice.random() < 0.4:
                values["external_id"] = f"x{self.dice.randrange(400)}"
            service.create(info.key, values)

    def update(self, info):
        if (one := self.some_id(info.key)) is not None:
            values = self.values(info, self.dice.randrange(1, 4))
            for name, value in list(values.items()):
                if info.fields[name].kind == "list" and value is not None and self.dice.random() < 0.7:
                    kept = service.get(info.key, one).get(name)[: self.dice.randrange(3)]
                    values[name] = [*({"id": row["id"]} | _plain_row(row) for row in kept), *value]
            service.update(info.key, one, values)

    def delete(self, info):
        if info.key != USER and (one := self.some_id(info.key)) is not None:
            service.delete(info.key, one)

    def restore(self, info):
        if (one := self.some_id(info.key, deleted=True)) is not None:
            service.restore(info.key, one)

    def bulk(self, info):
        ids = self.ids_of(info)
        if ids and info.key != USER:
            chosen = self.dice.sample(ids, min(5, len(ids)))
            if self.dice.random() < 0.2:
                service.bulk(info.key, chosen, remove=True)
            else:
                tags = {"add_tags": [self.dice.choice(WORDS)], "drop_tags": [self.dice.choice(WORDS)]}
                service.bulk(info.key, chosen, values=self.values(info, 1), **(tags if "tags" in info.fields else {}))

    def action(self, info):
        names = list(info.actions)
        one = self.some_id(info.key)
        if names and one is not None:
            name = self.dice.choice(names)
            values = {field.name: self.action_value(field) for field in info.actions[name].fields}
            service.run_action(info.key, one, name, {key: value for key, value in values.items() if value is not None})

    def action_value(self, field):
        from kumiko.records.catalogue import FieldInfo

        return self.value(FieldInfo(field, "", ()))

    def undo(self, info):
        one = self.some_id(info.key, deleted=self.dice.random() < 0.2)
        if one is not None:
            entries = history(info.key, one, limit=4)
            entry = self.dice.choice(entries)
            if self.dice.random() < 0.5 or not entry.changes:
                undo(entry.unit)
            else:
                undo(entry.unit, entry_id=entry.id, name=self.dice.choice(entry.changes).name)

    def grouped(self, info):
        with units.group("several"):
            for _number in range(3):
                with suppress(KumikoError):
                    self.dice.choice((self.create, self.update, self.delete))(info)

    def act(self):
        """One random write of a random type; a refusal changes nothing."""
        infos = self.infos()
        info = self.dice.choice(infos)
        name = self.dice.choices(
            ("create", "update", "delete", "restore", "bulk", "action", "undo", "grouped"), (3, 6, 2, 2, 2, 4, 2, 1)
        )[0]
        before = newest_unit()
        try:
            getattr(self, name)(info)
        except KumikoError as fault:
            self.refused.setdefault((name, info.key), fault.message)
        if newest_unit() > before:
            self.done[name] = self.done.get(name, 0) + 1
            self.done[info.key] = self.done.get(info.key, 0) + 1


def _plain_row(row):
    found = {}
    for name, value in row.items():
        if name in ("id", "position"):
            continue
        found[name] = (
            value.id
            if hasattr(value, "id")
            else value.as_json()
            if hasattr(value, "as_json")
            else (value.isoformat() if hasattr(value, "isoformat") else value)
        )
    return found


def newest_unit():
    return trusted(text("SELECT max(id) FROM records_unit")).scalar() or 0


# ------------------------------------------------------------------ states


def snapshot():
    """Table -> its rows as sorted JSON texts, without stamps; rows of the full-text index and the like stand apart."""
    connection = context.current().session.connection()
    found = {}
    inspector = inspect(connection)
    kept = MetaData()
    for name in sorted(inspector.get_table_names()):
        if name.startswith(APART) or name.endswith("_version"):
            continue
        kept.reflect(connection, only=[name])
        table = kept.tables[name]
        columns = [column for column in table.c if column.name not in STAMPS]
        rows = trusted(select(*columns)).all()
        names = [column.name for column in columns if (name, column.name) not in NUMBERED]
        rows = [dict(zip([column.name for column in columns], row, strict=True)) for row in rows]
        found[name] = {_text({one: _plain(one, row) for one in names}) for row in rows}
    return found


def _plain(name, row):
    """A value; the currency of an amount that there is not is no value (an emptied amount keeps it)."""
    minor = name.removesuffix("currency") + "minor"
    return None if name.endswith("currency") and minor in row and row[minor] is None else row[name]


def _text(row):
    return json.dumps(row, default=str, sort_keys=True)


def newer_ids(start_id):
    """Ids of records made after an id of the installation-wide counter."""
    ids = set()
    for info in catalogue().types.values():
        ids |= set(trusted(select(info.table.c.id).where(info.table.c.id > start_id)).scalars())
    return ids


def live_newer(start_id):
    """Records made since that are not in the bin."""
    found = []
    for info in catalogue().types.values():
        query = select(info.table.c.id).where(info.table.c.id > start_id, info.table.c.deleted_at.is_(None))
        found += [(info.key, one) for one in trusted(query).scalars()]
    return found


def difference(before, after, start_id):
    """What is no longer as it was: (table, missing rows, rows too many) without what records made since left there."""
    found = []
    for table in sorted(before.keys() | after.keys()):
        lost = before.get(table, set()) - after.get(table, set())
        more = {row for row in after.get(table, set()) - before.get(table, set()) if not _is_new(table, row, start_id)}
        if lost or more:
            found.append((table, sorted(lost)[:4], sorted(more)[:4]))
    return found


def _is_new(table, row, start_id):
    """Whether a row belongs to a record (now in the bin) that was made since; a search document never does."""
    said = json.loads(row)
    if table == "records_search":
        return False
    is_record = any(info.table.name == table for info in catalogue().types.values())
    owners = [said["id"]] if is_record else [value for name, value in said.items() if name.endswith("_id")]
    return any(isinstance(one, int) and one > start_id for one in owners)

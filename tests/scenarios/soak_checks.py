"""What must hold of an installation whatever happened to it: each check gives sentences about what does not."""

import re
from collections import defaultdict

import sqlalchemy as sa

from kumiko.host.columns import table_of
from kumiko.host.scoping import trusted
from kumiko.jobs.models import job_table
from kumiko.records import forms
from kumiko.records.catalogue import catalogue
from kumiko.records.models import Entry, SearchDocument, Unit
from kumiko.records.states import load_states

_entry, _unit, _document = table_of(Entry), table_of(Unit), table_of(SearchDocument)
EXISTS = "@exists"


def journal_equals_tables():
    """Every value of every record is what its journal says: the newest change that was not undone."""
    wrong, compared = [], 0
    for info in catalogue().types.values():
        ids = list(trusted(sa.select(info.table.c.id)).scalars())
        told = _told(ids)
        for record_id, state in load_states(info, ids).items():
            journal = told.get(record_id)
            if journal is None:
                continue  # made before there was a journal: what `init` puts in
            for name, value in _stored(info, state).items():
                compared += 1
                if name in journal and journal[name] != value:
                    wrong.append(f"{info.key} {record_id}.{name}: stored {value!r}, the journal says {journal[name]!r}")
    return wrong, compared


def _told(ids):
    """Record id -> name -> value by the journal (design 2), worked out anew, without the code that undoes."""
    found = defaultdict(dict)
    first = defaultdict(dict)
    for start in range(0, len(ids), 500):
        query = sa.select(_entry).where(_entry.c.record_id.in_(ids[start : start + 500]), _entry.c.derived.is_(False))
        for row in trusted(query.order_by(_entry.c.id)).mappings():
            before, after, undone = row["before"] or {}, row["after"] or {}, set(row["undone"] or ())
            for name in {*before, *after}:
                start_value = before.get(name) if name in before or "#" in name else after.get(name)
                first[row["record_id"]].setdefault(name, start_value)
                if name in after and name not in undone:
                    found[row["record_id"]][name] = after[name]
    return {record_id: {**first[record_id], **found[record_id]} for record_id in first}


def _stored(info, state):
    kept = {EXISTS: not state.deleted}
    for one in info.fields.values():
        if one.field.derived or one.name in ("created_at", "created_by", "updated_at", "updated_by"):
            continue
        if not one.is_many:
            if one.name in state.values:
                kept[one.journal_name] = forms.to_journal(one, state.values[one.name])
        else:
            kept |= {f"{one.journal_name}#{key}": value for key, value in state.many.get(one.name, {}).items()}
    return kept


def side_rows_equal_their_records():
    """One side row per record and extension; its copies of base columns are what the base row says."""
    wrong, compared = [], 0
    for info in catalogue().types.values():
        for side in info.extensions:
            compared += trusted(sa.select(sa.func.count()).select_from(info.table)).scalar_one()
            lacking = trusted(
                sa.select(info.table.c.id)
                .outerjoin_from(info.table, side.table, side.key == info.table.c.id)
                .where(side.key.is_(None))
            ).all()
            wrong += [f"{info.key} {row.id} has no row in {side.table.name}" for row in lacking]
            for name in side.extension.mirrors:
                differs = sa.select(info.table.c.id).join_from(
                    info.table, side.table, side.key == info.table.c.id
                ).where(side.table.c[name].is_distinct_from(info.table.c[name]))  # fmt: skip
                wrong += [f"{side.table.name} {row.id}.{name} is not what its record says" for row in trusted(differs)]
    return wrong, compared


def search_knows_each_living_record():
    """One document per living record of a searched type, and none of others."""
    wrong, compared = [], 0
    for info in catalogue().types.values():
        living = set(trusted(sa.select(info.table.c.id).where(info.table.c.deleted_at.is_(None))).scalars())
        query = sa.select(_document.c.record_id).where(_document.c.type_key == info.key)
        known = set(trusted(query).scalars())
        compared += len(living)
        wrong += [f"a document of {info.key} {one}, which is gone" for one in sorted(known - living)]
        if known:
            wrong += [f"{info.key} {one} is not found by search" for one in sorted(living - known)]
    return wrong, compared


def numbers_have_no_gap(collection="invoices"):
    """Issued documents are numbered 1, 2, 3 ... per year, each once."""
    info = catalogue().by_collection[collection]
    numbers = [one for one in trusted(sa.select(info.table.c.number)).scalars() if one]
    by_series = defaultdict(list)
    for number in numbers:
        head, _, tail = number.rpartition("-")
        by_series[head].append(int(re.sub(r"\D", "", tail)))
    wrong = [
        f"{head}: {len(found)} numbers are not 1 to {len(found)}: {sorted(found)[:20]}"
        for head, found in by_series.items()
        if sorted(found) != list(range(1, len(found) + 1))
    ]
    return wrong, len(numbers)


def inquiries_are_conserved():
    """Received = lead + joined + rejected + waiting, and each was received once."""
    table = catalogue().get("inquiries.inquiry").table
    rows = trusted(sa.select(table.c.state, sa.func.count().label("n")).group_by(table.c.state)).all()
    states = {row.state: row.n for row in rows}
    total = trusted(sa.select(sa.func.count()).select_from(table)).scalar_one()
    known = {"waiting", "lead", "joined", "rejected"}
    wrong = [f"inquiries in state {one!r}" for one in states if one not in known]
    if sum(states.values()) != total:
        wrong.append(f"{total} inquiries, {states}")
    return wrong, total


def no_job_is_lost():
    """After the work is done nothing runs any more, and nothing failed for good."""
    rows = trusted(
        sa.select(job_table.c.id, job_table.c.name, job_table.c.status, job_table.c.last_error).where(
            job_table.c.status.in_(("running", "dead"))
        )
    ).all()
    return [f"job {row.id} {row.name} is {row.status}: {row.last_error[-300:]}" for row in rows], 1


def units_are_whole():
    """Each entry has its unit; a unit that was undone was undone by one that is there."""
    orphans = trusted(
        sa.select(sa.func.count()).select_from(_entry.outerjoin(_unit, _unit.c.id == _entry.c.unit_id))
        .where(_unit.c.id.is_(None))
    ).scalar_one()  # fmt: skip
    count = trusted(sa.select(sa.func.count()).select_from(_unit)).scalar_one()
    return ([f"{orphans} entries without a unit"] if orphans else []), count


ALL = (
    journal_equals_tables, side_rows_equal_their_records, search_knows_each_living_record, numbers_have_no_gap,
    inquiries_are_conserved, no_job_is_lost, units_are_whole,
)  # fmt: skip

"""Lists of records: pages by key, capped counts, and sums over all rows that the person may see."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import orjson
from sqlalchemy import case, func, literal_column, null, select
from sqlalchemy.exc import OperationalError

from kumiko.host import context
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records import leads, plans, rights
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.records.plans import Plan
from kumiko.records.states import Many, load_many
from kumiko.records.ways import NO_TEAM

MAX_LIMIT = 200
COUNT_CAP = 1000
PLANS_KEPT = 400


@dataclass(frozen=True)
class Page:
    """Rows of a list as tuples (`plan` says what stands where), the cursor of the next page, lists and sets by id."""

    plan: Plan
    rows: Sequence[Any]
    next: str | None
    many: dict[int, Many]


def list_page(
    info: TypeInfo,
    *,
    names: Sequence[str] | None = None,
    node: Any = None,
    sort: str = "",
    limit: int = 50,
    after: str = "",
    q: str = "",
    deleted: bool = False,
) -> Page:
    """One page. `names`: columns (default: the type's); `node`: filter; `after`: cursor of the page before."""
    if not 1 <= limit <= MAX_LIMIT:
        raise _fault("limit", _("limit must be from 1 to %(most)d, found %(found)d", most=MAX_LIMIT, found=limit))
    plan = plan_of(info, names=names, node=node, sort=sort, q=q, deleted=deleted)
    bound = _binding(plan, node, q, deleted)
    value, last_id, empties = read_cursor(after, bound, plan.sort.path) if after else (None, None, False)
    rows = _fetch(plan, limit + 1, value, last_id, empties, started=bool(after))
    cursor = None
    if len(rows) > limit:
        rows = rows[:limit]
        cursor = make_cursor(bound, rows[-1][-1], rows[-1][0])
    many = load_many(info, [row[0] for row in rows], plan.many) if plan.many and rows else {}
    return Page(plan, rows, cursor, many)


def _asked(query: Any, parameters: Mapping[str, Any]) -> Any:
    """The answer; Invalid for a filter that, with the person's rights in it, is more than SQLite can parse."""
    try:
        return trusted(query, parameters)
    except OperationalError as fault:
        if "parser stack overflow" not in str(fault.orig):
            raise
        raise _fault("filter", _("the filter is too deep together with your rights; take some of it out")) from None


def _fetch(plan: Plan, count: int, value: Any, last_id: int | None, empties: bool, *, started: bool) -> list[Any]:
    rows: list[Any] = []
    me = who()
    if not empties:
        if started:
            rows = list(_asked(plan.further, {**me, "n": count, "c_value": value, "c_id": last_id}).all())
        else:
            rows = list(_asked(plan.first, {**me, "n": count}).all())
        last_id = None
    if plan.empties is not None and len(rows) < count:
        parameters = {**me, "n": count - len(rows), "c_id": last_id}
        rows += _asked(plan.empties, parameters).all()
    return rows


def who() -> dict[str, Any]:
    """Parameters of the reading conditions: the person's id and teams."""
    person = context.principal()
    return {
        "p_me": person.user_id,
        "p_teams": list(person.team_ids) or NO_TEAM,
        "p_subtree": list(person.subtree_team_ids) or NO_TEAM,
    }


def plan_of(
    info: TypeInfo, *, names: Sequence[str] | None = None, node: Any = None, sort: str = "", q: str = "",
    deleted: bool = False, grouped: Sequence[str] = (),
) -> Plan:  # fmt: skip
    """The list statement for these wishes, from the cache where it may be shared. `grouped`: fields it is summed by."""
    person = context.principal()
    readable = info.readable(person)
    wanted = tuple(names) if names is not None else tuple(
        name for name in info.list_columns if name.partition(".")[0] in readable
    )  # fmt: skip
    order = sort or info.type.default_sort
    node = leads.node_led(info, node)
    text = json.dumps(node) if node else ""
    generation = context.current().generation
    numbers = generation.numbers if generation else None
    key = ("plan", info.key, wanted, order, text, deleted, tuple(grouped), rights.signature(person), numbers)
    shared = may_be_shared(text, q)
    cache = catalogue().cache
    if shared and key in cache:
        found: Plan = cache[key]
        return found
    plan = plans.build_plan(info, wanted, order, node, q, deleted=deleted, grouped=grouped)
    if shared and len(text) < 2000:
        if len(cache) > PLANS_KEPT:
            cache.clear()
        cache[key] = plan
    return plan


def may_be_shared(node_text: str, q: str) -> bool:
    """Whether a statement with this filter (as JSON) means the same for everybody with the same rights, any day."""
    return not q and not _is_personal(node_text) and not rights.has_scope_hooks()


def _is_personal(text: str) -> bool:
    """Whether a filter means something else for another person or on another day."""
    words = ('"me"', '"my_team"', '"within"', '"segment"')
    return any(word in text for word in (*words, "today", "tomorrow", "yesterday", '"+', '"-', "_at"))


def count_capped(info: TypeInfo, *, node: Any = None, q: str = "", deleted: bool = False, cap: int = COUNT_CAP) -> int:
    """How many rows the list has; `cap + 1` means more than `cap`."""
    plan = plan_of(info, names=("name",), node=node, sort="id", q=q, deleted=deleted)
    inner = select(literal_column("1")).select_from(plan.source).where(plan.where).limit(cap + 1).subquery()
    found: int = _asked(select(func.count()).select_from(inner), who()).scalar_one()
    return found


@dataclass(frozen=True, slots=True)
class Total:
    """Sum of a money field over all rows of a list, in one currency; `minor` in minor units."""

    name: str
    currency: str
    minor: int
    count: int
    day: date | None = None  # by whose rate it is converted, when sums were asked for by day


def totals(
    info: TypeInfo, names: Sequence[str], *, node: Any = None, q: str = "", by: str = "", base: str = "", day: str = ""
) -> list[tuple[Any, Total]]:
    """Sums per currency over ALL rows that the person may see; never two currencies in one.

    `by`: name of a link or choice field to group by; its stored value comes first, else None. `base` and `day`: amounts
    in currencies other than `base` come by the day of this field, so that each is converted by the rate of its day.
    """
    from kumiko.records.filters import readable_field  # local: cycle
    from kumiko.records.measure_days import bucket  # local: cycle

    # A sum of an extension's amounts starts from its side table as well as a list that is grouped by it.
    at = info.readable(context.principal()).get(day) if base and day else None
    joined = [day] if at is not None and at.extension is not None else []
    plan = plan_of(info, names=("name",), node=node, sort="id", q=q, grouped=(*([by] if by else []), *names, *joined))
    found: list[tuple[Any, Total]] = []
    for name in names:
        one = readable_field(info, name)
        minor, currency = (plan.places.column(one, number) for number in (0, 1))
        group = [plan.places.column(readable_field(info, by))] if by else []
        if at is not None:
            group.append(case((currency == base, null()), else_=bucket(at, plan.places.column(at), "day")))
        query = (
            select(currency, func.sum(minor), func.count(), *group)
            .select_from(plan.source)
            .where(plan.where, minor.is_not(None))
            .group_by(currency, *group)
            .order_by(currency)
        )
        for row in _asked(query, who()):
            on = date.fromisoformat(row[-1]) if at is not None and row[-1] else None
            found.append((row[3] if by else None, Total(name, row[0], int(row[1]), row[2], on)))
    return found


def all_ids(info: TypeInfo, *, node: Any = None, q: str = "", cap: int = 100_000) -> list[int]:
    """Ids of all rows of a list (a bulk act on "everything that matches"); Invalid above the cap."""
    plan = plan_of(info, names=("name",), node=node, sort="id", q=q)
    record_id = plan.places.id
    query = select(record_id).select_from(plan.source).where(plan.where).order_by(record_id).limit(cap + 1)
    ids = list(_asked(query, who()).scalars())
    if len(ids) > cap:
        raise _fault("filter", _("more than %(cap)d records match; narrow the filter", cap=cap))
    return ids


def list_newest(info: TypeInfo, count: int) -> list[tuple[int, str]]:
    """(id, name) of the newest records that the person may see."""
    return [(row[0], row[2] or "") for row in list_page(info, names=("name",), sort="-created_at", limit=count).rows]


#: The names under which plugins find them.
list_count, list_totals = count_capped, totals


# ------------------------------------------------------------------ cursors


def _binding(plan: Plan, node: Any, q: str, deleted: bool) -> str:
    said = json.dumps([plan.info.key, plan.sort.text, node, q, deleted])
    return hashlib.blake2b(said.encode(), digest_size=6).hexdigest()


def make_cursor(bound: str, value: Any, record_id: int) -> str:
    """The place behind a row: what it is sorted by, and its id; `bound` ties it to one list."""
    if isinstance(value, datetime):
        value = {"m": value.isoformat()}
    elif isinstance(value, date):
        value = {"d": value.isoformat()}
    said = orjson.dumps([_seal(bound, value, record_id), value, record_id])
    return base64.urlsafe_b64encode(said).decode().rstrip("=")


def _seal(bound: str, value: Any, record_id: int) -> str:
    """Binds a cursor to its list and to this installation: a made-up one never reaches the database."""
    generation = context.current().generation
    secret = generation.config.secret_key.encode()[:64] if generation else b""
    return hashlib.blake2b(orjson.dumps([bound, value, record_id]), key=secret, digest_size=8).hexdigest()


def read_cursor(text: str, bound: str, sort_path: str) -> tuple[Any, int, bool]:
    """(value, id, whether the value is null) of a cursor made for the same list; else Invalid."""
    try:
        said = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        mark, value, record_id = said
        right = mark == _seal(bound, value, record_id)
    except (ValueError, TypeError):
        raise _fault("after", _("the cursor is not readable; take it from “next” of the page before")) from None
    if not right:
        raise _fault("after", _("the cursor belongs to another sort or filter; start again without it"))
    if isinstance(value, dict):
        value = datetime.fromisoformat(value["m"]).astimezone(UTC) if "m" in value else date.fromisoformat(value["d"])
    return value, record_id, value is None and sort_path != "id"


def _fault(name: str, sentence: str) -> Invalid:
    return Invalid(sentence, {name: [sentence]})

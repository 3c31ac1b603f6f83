"""Outgoing web hooks: a job reads the journal behind each one's cursor and queues what its user may see of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy import update as sql_update

from kumiko import (
    Invalid,
    acting_as,
    all_ids,
    catalogue,
    changes_after,
    current,
    dump_view,
    enqueue,
    facts_after,
    feed_end,
    find,
    session,
    sliced,
    transaction,
    unscoped,
    utc_now,
)
from kumiko_integrations.models import QUEUED, Delivery, Feed, Webhook

READ, CALL = "integrations.read_journal", "integrations.call"
#: Between two looks into the journal while there is a web hook. Without one nothing runs but the look of every minute.
EVERY = timedelta(seconds=5)
SLICE = 200
KEPT = timedelta(days=30)


def start(webhook_id: int) -> None:
    """A web hook that is new, or on again, is told of what happens from now on; joins the open transaction."""
    with transaction() as writing, unscoped("how far a web hook knows the journal"):
        end = list(feed_end())
        writing.execute(delete(Feed).where(Feed.webhook_id == webhook_id))
        writing.execute(insert(Feed).values(webhook_id=webhook_id, cursor={"entries": end, "facts": end}))


@sliced
def read_journal(job: Any) -> None:
    """The job: each web hook that is on, until it has caught up; and again in some seconds, until the next minute."""
    listed = hooks()
    for hook in listed:
        more = True
        while more:
            with job.slice() as writing:
                more = read(writing, hook)
    with job.settle() as writing, unscoped("deliveries are kept for a while"):
        writing.execute(delete(Delivery).where(Delivery.made_at < utc_now() - KEPT))
        left = int(job.payload.get("left", 11))
        if listed and left > 0:
            enqueue(READ, {"left": left - 1}, run_at=utc_now() + EVERY)


def hooks() -> list[Any]:
    """Web hooks that are switched on, with how far each knows the journal."""
    with unscoped("web hooks are read for whoever they act for"):
        query = (
            select(
                Webhook.id, Webhook.events, Webhook.only, Webhook.only_fields, Webhook.acts_as_id, Webhook.owner_id,
                Feed.cursor,
            )
            .join(Feed, Feed.webhook_id == Webhook.id)
            .where(Webhook.active.is_(True), Webhook.deleted_at.is_(None))
        )  # fmt: skip
        return list(session().execute(query.order_by(Webhook.id)))


def read(writing: Any, hook: Any) -> bool:
    """One slice of the journal for one web hook; whether there is more."""
    with unscoped("how far a web hook knows the journal"):
        cursor = writing.execute(select(Feed.cursor).where(Feed.webhook_id == hook.id).with_for_update()).scalar()
    if cursor is None:
        return False
    person = _person(hook.acts_as_id)
    if person is None:  # who may no longer sign in hears nothing more
        return False
    wanted = {str(one) for one in hook.events or ()}
    with acting_as(person):
        entries, entries_end, more_entries = changes_after(*cursor["entries"], limit=SLICE)
        facts, facts_end, more_facts = facts_after(*cursor["facts"], limit=SLICE)
        news = [_entry_news(one) for one in entries if _wants(hook, wanted, one)]
        news += [_fact_news(one) for one in facts if one.name in wanted]
        news = [one for one in _matching(hook, news) if one is not None]
    with unscoped("deliveries are shown on the page of their web hook"):
        for one in news:
            _queue(writing, hook.id, one)
        kept = {"entries": list(entries_end), "facts": list(facts_end)}
        if kept != cursor:
            writing.execute(sql_update(Feed).where(Feed.webhook_id == hook.id).values(cursor=kept))
    return more_entries or more_facts


def _person(user_id: int | None) -> Any:
    generation = current().generation
    look_up = generation.state.get("principal_for_user") if generation is not None else None
    return look_up(user_id) if look_up is not None and user_id is not None else None


def _wants(hook: Any, wanted: set[str], entry: Any) -> bool:
    action = "created" if entry.action == "restored" else entry.action
    if f"{entry.type_key}.{action}" not in wanted:
        return False
    fields = {one.strip() for one in (hook.only_fields or "").split(",") if one.strip()}
    return not fields or action != "changed" or bool(fields & {one.name.partition("#")[0] for one in entry.changes})


def _entry_news(entry: Any) -> dict[str, Any]:
    action = "created" if entry.action == "restored" else entry.action
    return {
        "id": f"entry:{entry.id}",
        "event": f"{entry.type_key}.{action}",
        "at": entry.at.isoformat(),
        "by": entry.actor,
        "via": entry.via,
        "type": entry.type_key,
        "record_id": entry.record_id,
        "changes": [{"field": one.name, "before": one.before_json, "after": one.after_json} for one in entry.changes],
    }


def _fact_news(fact: Any) -> dict[str, Any]:
    return {
        "id": f"fact:{fact.id}",
        "event": fact.name,
        "at": fact.at.isoformat(),
        "by": fact.actor,
        "via": fact.via,
        "type": fact.type_key,
        "record_id": fact.record_id,
        "payload": dict(fact.payload),
    }


def _matching(hook: Any, news: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those whose record matches the filter, each with the record as the person may see it now."""
    passed: dict[str, set[int]] = {}
    if hook.only:
        for type_key in {one["type"] for one in news}:
            ids = sorted({one["record_id"] for one in news if one["type"] == type_key})
            node = {"and": [{"f": "id", "op": "in", "v": ids}, hook.only]}
            try:
                passed[type_key] = set(all_ids(catalogue().get(type_key), node=node))
            except Invalid:  # the filter names fields that this type does not have
                passed[type_key] = set()
    found = []
    for one in news:
        if hook.only and one["record_id"] not in passed.get(one["type"], ()):
            continue
        view = find(one["type"], one["record_id"])
        found.append({**one, "record": dump_view(view) if view is not None else None})
    return found


def _queue(writing: Any, webhook_id: int, news: Mapping[str, Any]) -> None:
    info = catalogue().find(news["type"])
    record = news.get("record") or {}
    row = {
        "webhook_id": webhook_id, "event": news["event"][:160],
        "title": str(record.get("name") or f"{news['type']} {news['record_id']}")[:300],
        "href": f"/{info.collection}/{news['record_id']}" if info is not None else "",
        "body": json.dumps(news, ensure_ascii=False, default=str), "state": QUEUED, "attempts": 0,
        "made_at": utc_now(), "next_try_at": None,
    }  # fmt: skip
    delivery_id = writing.execute(insert(Delivery).values(**row).returning(Delivery.id)).scalar_one()
    enqueue(CALL, {"delivery": delivery_id}, order_keys=[f"integrations.webhook:{webhook_id}:{news['record_id']}"])

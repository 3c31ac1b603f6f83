"""For the leak test: what a web hook that acts for somebody would call out when anything happens."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from kumiko import as_system, create, principal, session, transaction, unscoped
from kumiko_integrations import webhooks
from kumiko_integrations.models import WEBHOOK, Delivery
from kumiko_integrations.webhook_type import known_events


def arrange() -> None:
    """A web hook of all events, as an administrator sets it up for the acting person."""
    me = principal().user_id
    with as_system("the leak test sets up a web hook for somebody"):
        events = [name for name, _group, _label in known_events()]
        create(WEBHOOK, {"name": "leak test", "url": "https://hooks.example/leak", "events": events, "acts_as": me})


def sent() -> Iterator[str]:
    """What it would call out; nothing is called."""
    me = principal().user_id
    for hook in webhooks.hooks():
        if hook.acts_as_id != me:
            continue
        with as_system("a web hook reads the journal by a job"), transaction() as writing:
            while webhooks.read(writing, hook):
                pass
        with unscoped("deliveries are shown on the page of their web hook"):
            query = select(Delivery.title, Delivery.body).where(Delivery.webhook_id == hook.id)
            rows = list(session().execute(query))
        for row in rows:
            yield f"{row.title}\n{row.body}"

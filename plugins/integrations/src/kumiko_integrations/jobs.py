"""Background work of the module."""

from __future__ import annotations

from kumiko import JobType
from kumiko import lazy_gettext as _l
from kumiko_integrations import calling, delivering, polling, rules, services, taking_in, webhooks

JOBS = [
    JobType(name=rules.TAKE_IN, run=taking_in.take_in, label=_l("A message is taken in")),
    JobType(name=taking_in.RESUME, run=taking_in.resume, label=_l("Messages that waited are taken in")),
    JobType(
        name="integrations.sweep_intake", run=taking_in.sweep, cron="* * * * *",
        label=_l("Messages that wait are tried again"),
    ),
    JobType(name=services.DELIVER, run=delivering.deliver, label=_l("A message is sent"), lease_s=60),
    JobType(
        name="integrations.sweep_outbox", run=delivering.sweep, cron="* * * * *",
        label=_l("Messages that wait are sent"),
    ),
    JobType(name=polling.POLL, run=polling.poll, label=_l("A connection is read"), max_attempts=1),
    JobType(
        name="integrations.poll_all", run=polling.poll_all, cron="* * * * *", label=_l("Connections are read"),
    ),
    JobType(
        name=webhooks.READ, run=webhooks.read_journal, cron="* * * * *", label=_l("Web hooks hear what happened"),
        feature="webhooks",
    ),
    JobType(name=webhooks.CALL, run=calling.call, label=_l("A web hook is called"), feature="webhooks"),
    JobType(
        name="integrations.sweep_calls", run=calling.sweep, cron="*/5 * * * *",
        label=_l("Calls of web hooks that wait are made"), feature="webhooks",
    ),
]  # fmt: skip

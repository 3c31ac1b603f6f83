"""Sources of the animals: (plugin.py, what is added to plugin.toml, further files) by what they do."""

BLUEPRINT = """
from flask import Blueprint, render_template
routes = Blueprint("{name}", __name__)
{body}
@hookimpl
def declare_routes():
    return [routes]
"""

MODELS = """
from kumiko import plugin_base, Scope
from sqlalchemy.orm import Mapped, mapped_column, relationship
Base = plugin_base("bad")
class Thing(Base):
    __tablename__ = "{table}"
    __scope__ = Scope.public("a test")
    id: Mapped[int] = mapped_column(primary_key=True)
    {more}
"""
DECLARE_MODELS = """
from zoo_bad.models import Base
@hookimpl
def declare_models():
    return Base
"""

#: What a check or a build finds: what it does -> (plugin.py, files, the sentence that the administrator reads).
AT_BUILD = {
    "raises at import": ("raise RuntimeError('no licence found')", {}, "RuntimeError: no licence found"),
    "exits at import": ("raise SystemExit(3)", {}, "its import ended with SystemExit(3)"),
    "has a bad mapper": (
        DECLARE_MODELS,
        {"models.py": MODELS.format(table="bad_thing", more='others = relationship("Nope")')},
        "its classes cannot be mapped",
    ),
    "steals a table": (
        DECLARE_MODELS,
        {"models.py": MODELS.format(table="deals_deal", more="")},
        "the table 'deals_deal' must start with 'bad_'",
    ),
    "steals an address": (
        BLUEPRINT.format(name="bad", body='@routes.get("/deals/stolen")\ndef take(): return "mine"'),
        {},
        "the address '/deals/stolen' is not its own",
    ),
    "hooks into every request": (
        BLUEPRINT.format(name="bad", body="@routes.before_app_request\ndef stop(): return 'stopped'"),
        {},
        "its blueprint reaches the whole application (before_request_funcs)",
    ),
    "declares wrong types": (
        "@hookimpl\ndef declare_menu():\n    return ['Deals']",
        {},
        "bad, declare_menu: item 0 is a str ('Deals'); wanted MenuItem",
    ),
}

#: What only a process of its own finds out: it would end, or keep, the one that looks.
AT_CHECK = {
    "ends the process at import": (
        "import os\nos._exit(7)",
        "bad: its check ended the process with exit code 7 (without a word).",
    ),
    "hangs at import": ("import time\ntime.sleep(600)", "bad: importing it did not end within 4 seconds."),
    "starts threads at import": (
        "import threading, time\nthreading.Thread(target=time.sleep, args=(600,), name='busy', daemon=True).start()",
        "bad: importing it starts threads (busy); background work is a job.",
    ),
}

CURED = "cured = True\n"

PANEL = """
import time
held_open = []
from kumiko import Panel, session
from sqlalchemy import text
def load(record):
    {body}
@hookimpl
def declare_panels():
    return [Panel(slot="record.deals.deal.aside", key="view", title="A view", template="bad/panel.html", load=load)]
"""

SUBSCRIBE = """
from kumiko import Subscription, create, update, get
sick = [True]
def react(delivery):
    if not sick:
        return
    {body}
@hookimpl
def declare_subscriptions():
    return [Subscription(name="bad.react", event="record.{event}/1", types=("deals.deal",), handler=react,
                         max_attempts=1)]
"""

JOB = """
from kumiko import JobType, enqueue, transaction, session
sick = [True]
def work(job):
    if not sick:
        return
    {body}
@hookimpl
def declare_jobs():
    return [JobType(name="bad.work", run=work, label="Bad work", max_attempts={attempts}, lease_s=1)]
"""

SWALLOW = """from kumiko import session
    try:
        session().connection().exec_driver_sql("SELECT nothing FROM nowhere")
    except Exception:
        pass"""

POISON = f"""from kumiko import transaction
    held = transaction()
    held.__enter__()
    held_open.append(held)
    {SWALLOW}
    return {{"word": "all is well"}}"""

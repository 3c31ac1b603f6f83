"""What the module declares to the host."""

from __future__ import annotations

from typing import Any

from kumiko import Assets, DemoData, JobType, MenuItem, PaletteCommand, Subscription, hookimpl
from kumiko import lazy_gettext as _l
from kumiko_processes import engine, events, handlers, panels, record_types, starting, watch, way
from kumiko_processes.models import Base


@hookimpl
def declare_models() -> Any:
    return Base


@hookimpl
def declare_records() -> Any:
    return [record_types.process(), record_types.run()]


@hookimpl
def declare_record_actions() -> Any:
    return record_types.actions()


@hookimpl
def declare_events() -> Any:
    return events.EVENTS


@hookimpl
def declare_subscriptions() -> list[Subscription]:
    return handlers.SUBSCRIPTIONS


@hookimpl
def declare_jobs() -> Any:
    return [
        JobType(name=way.JOB, run=engine.work, label=_l("Steps of processes"), max_attempts=20),
        JobType(name=starting.BEGIN, run=starting.work, label=_l("Processes begin")),
        JobType(name="processes.watch", run=watch.work, label=_l("Processes look at the clock"), cron="* * * * *"),
    ]


@hookimpl
def declare_routes() -> Any:
    from kumiko_processes import routes  # local: only processes that answer requests need pages

    return [routes.blueprint]


@hookimpl
def declare_assets() -> Any:
    return Assets(css=("processes.css",), modules=("builder.js",))


@hookimpl
def declare_panels() -> Any:
    return panels.PANELS


@hookimpl
def declare_palette() -> Any:
    return [PaletteCommand(key="processes.new", label=_l("New process"), href="/processes/new", icon="bolt")]


@hookimpl
def declare_menu() -> Any:
    return [
        MenuItem(
            key="processes.processes",
            section=_l("Set-up"),
            label=_l("Processes"),
            collection="processes",
            icon="bolt",
            order=710,
        ),
    ]


@hookimpl
def declare_services() -> Any:
    from kumiko_processes.services import ProcessesService  # local: made when the first caller asks

    return {"processes/1": ProcessesService}


@hookimpl
def declare_demo() -> Any:
    from kumiko_processes import demo  # local: only needed while sample data are made

    return [DemoData(name="processes", make=demo.make, order=90)]

"""The core plugin `parties`: what it declares."""

from __future__ import annotations

from typing import Any

from kumiko.host.declarations import DemoData, MenuItem
from kumiko.host.hookspecs import hookimpl
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.parties import record_types
from kumiko.parties.models import Base


@hookimpl
def declare_models() -> Any:
    return Base


@hookimpl
def declare_records() -> Any:
    return [record_types.person(), record_types.organization()]


@hookimpl
def declare_menu() -> Any:
    return [
        MenuItem(
            key="parties.organizations",
            label=_l("Organizations"),
            collection="organizations",
            icon="building",
            order=18,
        ),
        MenuItem(key="parties.persons", label=_l("Persons"), collection="persons", icon="user", order=19),
    ]


@hookimpl
def declare_services() -> Any:
    from kumiko.parties.services import PartiesService  # local: made when the first caller asks

    return {"parties/1": PartiesService}


@hookimpl
def declare_demo() -> Any:
    from kumiko.parties import demo  # local: only needed while sample data are made

    return [DemoData(name="customers", make=demo.make, order=20)]

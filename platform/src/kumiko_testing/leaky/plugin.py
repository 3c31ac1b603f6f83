"""Routes of the leaky plugin."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from sqlalchemy import func, select

from kumiko.host.context import session, unscoped
from kumiko.host.declarations import JobType
from kumiko.host.hookspecs import hookimpl
from kumiko.jobs.proving import sends
from kumiko_testing.sample.models import Thing

blueprint = Blueprint("leaky", __name__, url_prefix="/leaky")


@blueprint.get("/names")
def names() -> str:
    with unscoped("leaking in a test"):
        return ", ".join(session().execute(select(Thing.name)).scalars())


@blueprint.get("/largest")
def largest() -> str:
    with unscoped("leaking in a test"):
        return str(session().execute(select(func.max(Thing.size))).scalar_one())


@sends("Names by mail", sent=lambda: [names()])
def mail_names(_job: Any) -> None:
    """Would mail what it may not."""


@hookimpl
def declare_jobs() -> list[JobType]:
    return [JobType(name="leaky.mail", run=mail_names, label="Mail names")]


@hookimpl
def declare_routes() -> list[Blueprint]:
    return [blueprint]

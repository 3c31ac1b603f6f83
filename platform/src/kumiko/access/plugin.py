"""The core plugin `access`: what it declares, and how it stands before every request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kumiko.access import feature_roles, gate, headers, principals, setup, watch
from kumiko.access.cleaning import forget_old
from kumiko.access.defaults import PERMISSIONS
from kumiko.access.directory import Declared, Directories, hidden_from_some_role
from kumiko.access.models import AccessBase
from kumiko.access.record_types import record_types
from kumiko.access.routes import blueprint
from kumiko.host.context import Principal
from kumiko.host.declarations import DemoData, JobType
from kumiko.host.hookspecs import hookimpl
from kumiko.host.i18n import lazy_gettext as _l

__all__ = ["watch"]  # imported for its listener


@hookimpl
def declare_models() -> Any:
    return AccessBase


@hookimpl
def declare_records() -> Any:
    return record_types()


@hookimpl
def declare_routes() -> Any:
    from kumiko.access import provider_routes  # local: registers its pages on the blueprint

    assert provider_routes.blueprint is blueprint
    return [blueprint]


@hookimpl
def declare_permissions() -> Any:
    return list(PERMISSIONS)


@hookimpl
def declare_jobs() -> Any:
    from kumiko.access import recovery  # local: workers and whoever enqueues need it

    return [
        JobType(name="access.forget_old", run=forget_old, label=_l("Forget old sessions"), cron="41 3 * * *"),
        JobType(name=recovery.JOB, run=recovery.send_reset, label=_l("Mail a link for a new password")),
    ]


@hookimpl
def declare_demo() -> Any:
    return [DemoData(name="users", make=setup.make_sample_users, order=10)]


@hookimpl
def declare_commands() -> Any:
    from kumiko.access.commands import token, user  # local: only the command line needs click

    return [user, token]


@hookimpl
def authenticate(request: Any) -> Principal | None:
    return gate.authenticate(request)


@hookimpl
def assemble(generation: Any) -> None:
    generation.state["access"] = Directories(Declared.of(generation))
    generation.state["hidden_fields"] = hidden_from_some_role
    generation.state["principal_for_user"] = principals.principal_for_user
    generation.state["principal_for_email"] = principals.principal_for_email
    generation.state.setdefault("on_purge", []).append(lambda loaded: feature_roles.forget(loaded.name))
    generation.state["feature_roles"] = feature_roles.roles_of
    generation.state["give_feature"] = feature_roles.give
    headers.install(generation.app, generation.config)
    gate.install(generation.app, generation.config)


@hookimpl
def prepare_instance(options: Mapping[str, Any]) -> list[str]:
    return setup.prepare_instance(options)


@hookimpl
def before_serve(base_url: str) -> list[str]:
    return setup.before_serve(base_url)

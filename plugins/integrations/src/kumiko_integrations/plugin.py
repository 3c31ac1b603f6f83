"""What the module declares to the host."""

from __future__ import annotations

from typing import Any

from kumiko import Assets, DemoData, Feature, Field, MenuItem, Permission, SettingsSection, hookimpl
from kumiko import lazy_gettext as _l
from kumiko_integrations import (
    actions,
    chat_channel,
    events,
    hook_channel,
    jobs,
    mail_channel,
    panels,
    record_types,
    send_mail,
    webhook_type,
)
from kumiko_integrations.models import MANAGE, Base


@hookimpl
def declare_models() -> Any:
    return Base


@hookimpl
def declare_records() -> Any:
    return [*record_types.all_types(), webhook_type.webhook()]


@hookimpl
def declare_record_actions() -> Any:
    return actions.ACTIONS


@hookimpl
def declare_events() -> Any:
    return events.EVENTS


@hookimpl
def declare_jobs() -> Any:
    return jobs.JOBS


@hookimpl
def declare_channels() -> Any:
    return [mail_channel.channel(), chat_channel.channel(), hook_channel.channel()]


@hookimpl
def declare_routes() -> Any:
    from kumiko_integrations import routes  # local: only processes that answer requests need pages

    return routes.blueprints


@hookimpl
def declare_assets() -> Any:
    return Assets(css=("integrations.css",))


@hookimpl
def declare_panels() -> Any:
    return panels.PANELS


@hookimpl
def declare_actions() -> Any:
    return send_mail.ACTIONS


@hookimpl
def declare_demo() -> Any:
    from kumiko_integrations import demo  # local: only needed while sample data are made

    return [DemoData(name="integrations", make=demo.make, order=80)]


@hookimpl
def declare_features() -> Any:
    return [
        Feature(
            name="chat", label=_l("Chat on web sites"), by_role=False,
            help=_l("The chat with its bot. Without it the snippet on your site draws nothing."),
        ),
        Feature(
            name="webhooks", label=_l("Outgoing web hooks"), by_role=False,
            help=_l("Other programs are told what happens. Without it nothing is told, and nothing is made up for."),
        ),
    ]  # fmt: skip


@hookimpl
def declare_settings() -> Any:
    private = Field(
        name="allow_private", kind="boolean", label=_l("Web hooks may call addresses in private networks"),
        default=False, help=_l("Only when the other program runs in your own network."),
    )  # fmt: skip
    return SettingsSection(title=_l("Integrations"), fields=(private,))


@hookimpl
def declare_menu() -> Any:
    return [
        MenuItem(key="integrations.connections", section=_l("Set-up"), label=_l("Connections"),
                 href="/integrations", icon="plug-connected", order=700, permission=MANAGE),
    ]  # fmt: skip


@hookimpl
def declare_permissions() -> Any:
    return [Permission(name=MANAGE, label=_l("Set up connections, forms and web hooks"))]


@hookimpl
def declare_services() -> Any:
    from kumiko_integrations.services import IntegrationsService  # local: made when the first caller asks

    return {"integrations/1": IntegrationsService}

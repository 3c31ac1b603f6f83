"""Every hook of the house: the first file a newcomer opens.

`declare_*` hooks are pure: called once per generation, without a database, they return frozen dataclasses of
`kumiko.host.declarations` which the loader validates. No meaning attaches to the order of registration: items carry
`order`, ties break by plugin name, then key. An implementation may omit arguments. Each section says: when it is
called, its arguments, its result, the order, what happens when it raises, since which host API.
"""

from __future__ import annotations

from typing import Any

import pluggy

from kumiko.host.offer_specs import declare_actions as declare_actions
from kumiko.host.offer_specs import declare_channels as declare_channels
from kumiko.host.offer_specs import declare_datasets as declare_datasets
from kumiko.host.offer_specs import declare_metrics as declare_metrics
from kumiko.host.offer_specs import declare_triggers as declare_triggers

hookspec = pluggy.HookspecMarker("kumiko")
hookimpl = pluggy.HookimplMarker("kumiko")


@hookspec
def declare_models() -> Any:
    """Declarative base (from `plugin_base(name)`) that holds the plugin's tables.

    Called:  once per generation, while it is built.
    Args:    none.
    Result:  the base class; without it the base of the classes of records and extensions counts.
    Order:   none.
    Errors:  the plugin is left out of the generation and shown as failed.
    Since:   host API 1.
    """


@hookspec
def declare_records() -> Any:
    """Record types of the plugin.

    Called:  once per generation, while it is built.
    Args:    none.
    Result:  list of RecordType.
    Order:   by RecordType.order, then key.
    Errors:  the plugin is left out of the generation and shown as failed.
    Since:   host API 1.
    """


@hookspec
def declare_extensions() -> Any:
    """Fields that the plugin adds to types of other contracts.

    Called:  once per generation, while it is built.
    Args:    none.
    Result:  list of Extension; one whose target is absent waits.
    Order:   by plugin name.
    Errors:  the plugin is left out of the generation and shown as failed.
    Since:   host API 1.
    """


@hookspec
def declare_record_actions() -> Any:
    """Things that can be done with one record.

    Called:  once per generation, while it is built.
    Args:    none.
    Result:  list of RecordAction.
    Order:   as listed, plugins by name.
    Errors:  the plugin is left out of the generation and shown as failed.
    Since:   host API 1.
    """


@hookspec
def declare_routes() -> Any:
    """Pages and verbs of the plugin that the generic ones do not give.

    Called:  once per generation, while it is built.
    Args:    none.
    Result:  list of flask.Blueprint named like the plugin, without app-wide functions.
    Order:   none; static parts of a rule weigh more than the generic rules.
    Errors:  the plugin is left out of the generation and shown as failed.
    Since:   host API 1.
    """


@hookspec
def declare_menu() -> Any:
    """Entries for the main menu beyond those of the record types.

    Called:  once per generation, while it is built.
    Args:    none.
    Result:  list of MenuItem; an empty list or None adds nothing.
    Order:   by MenuItem.order, then plugin name.
    Errors:  the plugin is left out of the generation and shown as failed.
    Since:   host API 1.
    """


@hookspec
def declare_palette() -> Any:
    """Commands for the palette.

    Called:  once per generation, while it is built.
    Args:    none.
    Result:  list of PaletteCommand.
    Order:   by group, then plugin name.
    Errors:  the plugin is left out of the generation and shown as failed.
    Since:   host API 1.
    """


@hookspec
def declare_panels() -> Any:
    """Parts of other pages: panels, tabs, widgets.

    Called:  once per generation, while it is built.
    Args:    none.
    Result:  list of Panel.
    Order:   by Panel.order, then plugin name.
    Errors:  the plugin is left out of the generation; a panel that raises later shows a notice in its place.
    Since:   host API 1.
    """


@hookspec
def declare_events() -> Any:
    """Contract events that the plugin states.

    Called:  once per generation, while it is built.
    Args:    none.
    Result:  list of EventType.
    Order:   none.
    Errors:  the plugin is left out of the generation and shown as failed.
    Since:   host API 1.
    """


@hookspec
def declare_subscriptions() -> Any:
    """Reactions to record events and contract events.

    Called:  once per generation, while it is built.
    Args:    none.
    Result:  list of Subscription.
    Order:   none between subscriptions; in order per record within one.
    Errors:  the plugin is left out of the generation; a handler that raises is retried, then dead-lettered.
    Since:   host API 1.
    """


@hookspec
def declare_services() -> Any:
    """Capabilities that the plugin provides.

    Called:  once per generation, while it is built.
    Args:    none.
    Result:  dict of capability ("deals/1") to a callable without arguments that makes the service.
    Order:   none; two providers of one capability are refused by the resolver.
    Errors:  the plugin is left out of the generation and shown as failed.
    Since:   host API 1.
    """


@hookspec
def declare_permissions() -> Any:
    """Rights that are not about a record type.

    Called:  once per generation, while it is built.
    Args:    none.
    Result:  list of Permission.
    Order:   by name.
    Errors:  the plugin is left out of the generation and shown as failed.
    Since:   host API 1.
    """


@hookspec
def declare_settings() -> Any:
    """Settings of the plugin.

    Called:  once per generation, while it is built.
    Args:    none.
    Result:  a SettingsSection, or None.
    Order:   by plugin name.
    Errors:  the plugin is left out of the generation and shown as failed.
    Since:   host API 1.
    """


@hookspec
def declare_features() -> Any:
    """Parts of the plugin that can be switched off on their own.

    Called:  once per generation, while it is built.
    Args:    none.
    Result:  list of Feature.
    Order:   as listed.
    Errors:  the plugin is left out of the generation and shown as failed.
    Since:   host API 1.
    """


@hookspec
def declare_jobs() -> Any:
    """Kinds of background work.

    Called:  once per generation, while it is built.
    Args:    none.
    Result:  list of JobType.
    Order:   none.
    Errors:  the plugin is left out of the generation; a job that raises is retried with back-off.
    Since:   host API 1.
    """


@hookspec
def declare_assets() -> Any:
    """Stylesheets and scripts for every page.

    Called:  once per generation, while it is built.
    Args:    none.
    Result:  an Assets, or None.
    Order:   by plugin name, in the CSS layer `plugins`.
    Errors:  the plugin is left out of the generation and shown as failed.
    Since:   host API 1.
    """


@hookspec
def declare_commands() -> Any:
    """Commands for the command line.

    Called:  when the command line starts.
    Args:    none.
    Result:  list of click.Command, offered as `kumiko PLUGIN NAME`.
    Order:   by name.
    Errors:  the command is absent, with a warning.
    Since:   host API 1.
    """


@hookspec
def declare_demo() -> Any:
    """Sample data that `init --demo` makes and one button removes.

    Called:  when an instance with sample data is made.
    Args:    none.
    Result:  list of DemoData.
    Order:   by DemoData.order, then plugin name.
    Errors:  the sample data of this plugin are left out, with a warning.
    Since:   host API 1.
    """


@hookspec
def assemble(generation: Any) -> None:
    """Last step of a build, for core plugins: registers the generic rules, reads what all plugins declared.

    Called:  once per generation, after every declaration was validated. Refused from plugins that are not core.
    Args:    generation: Generation, still private to the thread that builds it.
    Result:  none.
    Order:   core plugins in their fixed order.
    Errors:  the build fails and the process keeps its old generation.
    Since:   host API 1.
    """


@hookspec(firstresult=True)
def authenticate(request: Any) -> Any:
    """Says who is asking.

    Called:  once per request, before routing.
    Args:    request: flask.Request.
    Result:  Principal, or None to let the next one answer.
    Order:   by pluggy; the core answers last.
    Errors:  treated as None and recorded.
    Since:   host API 1.
    """


@hookspec
def authorize(principal: Any, action: str, type_key: str) -> Any:
    """Denies an action on a record type beyond what roles say.

    Called:  when rights to a type are checked.
    Args:    principal: Principal; action: one of ACTIONS; type_key: str.
    Result:  False to deny; anything else has no say.
    Order:   none; one False denies.
    Errors:  denied, and recorded.
    Since:   host API 1.
    """


@hookspec
def scope_records(type_key: str, table: Any, principal: Any) -> Any:
    """Narrows which records of a type a person reads.

    Called:  when a scope is made, once per principal, type and generation.
    Args:    type_key: str; table: sqlalchemy.FromClause of the type's rows; principal: Principal.
    Result:  an SQL condition, or None.
    Order:   none; joined by AND.
    Errors:  no rows, and recorded.
    Since:   host API 1.
    """


@hookspec
def after_enable() -> None:
    """The plugin was enabled (again).

    Called:  in the transaction that enables the plugin, after its migration.
    Args:    none.
    Result:  none.
    Order:   only the plugin concerned is called.
    Errors:  enabling is rolled back.
    Since:   host API 1.
    """


@hookspec
def before_disable() -> None:
    """The plugin is about to be disabled.

    Called:  in the transaction that disables the plugin.
    Args:    none.
    Result:  none; raise Veto(reason) to refuse.
    Order:   only the plugin concerned is called.
    Errors:  other errors are recorded and disabling proceeds.
    Since:   host API 1.
    """


@hookspec
def before_purge() -> None:
    """The plugin's tables are about to be dropped.

    Called:  before the downgrade to base.
    Args:    none.
    Result:  none.
    Order:   only the plugin concerned is called.
    Errors:  the purge is aborted.
    Since:   host API 1.
    """


@hookspec
def check_health() -> Any:
    """Says whether the plugin's outside world is fine.

    Called:  when the plugin page or /readyz asks.
    Args:    none.
    Result:  Health.
    Order:   none.
    Errors:  shown as unhealthy.
    Since:   host API 1.
    """


@hookspec
def prepare_instance(options: Any) -> Any:
    """Fills a new instance: first administrator, company, sample data.

    Called:  by `kumiko init`, after every table was made, in a system context.
    Args:    options: mapping with demo (bool), admin (e-mail or ""), password (str or ""), company, currency, zone.
    Result:  list of lines to print, or None.
    Order:   core plugins in their fixed order, then plugins by name.
    Errors:  init stops with the sentence; running it again goes on where it stopped.
    Since:   host API 1.
    """


@hookspec
def before_serve(base_url: str) -> Any:
    """Says something to the operator when the server starts (the one-time sign-in link).

    Called:  by `kumiko serve`, once, before the first request, in a system context.
    Args:    base_url: str, where people reach the server.
    Result:  list of lines to print, or None; raise Veto(reason) to refuse to serve.
    Order:   core plugins in their fixed order.
    Errors:  printed as a warning; a Veto stops.
    Since:   host API 1.
    """

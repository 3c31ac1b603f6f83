"""What a plugin brings: short names for its line on the page, and each thing with where it stands and for whom."""

from __future__ import annotations

from collections.abc import Iterator

from kumiko.host.loader import LoadedPlugin
from kumiko.operate.report import Addition


def adds(loaded: LoadedPlugin) -> dict[str, list[str]]:
    """What a plugin brings, for the administrator's page: kind -> names."""
    declared = loaded.declared
    found = {
        "records": [str(one.label_plural) for one in declared["declare_records"]],
        "menu": [str(one.label) for one in declared["declare_menu"]],
        "panels": [str(one.title) for one in declared["declare_panels"]],
        "actions": [str(one.label) for one in declared["declare_record_actions"]],
        "extensions": [one.target for one in declared["declare_extensions"]],
        "jobs": [one.name for one in declared["declare_jobs"]],
        "events": [one.name for one in declared["declare_events"]],
        "subscriptions": [one.name for one in declared["declare_subscriptions"]],
        "permissions": [one.name for one in declared["declare_permissions"]],
        "features": [str(one.label) for one in declared["declare_features"]],
        "tables": [table.name for table in loaded.tables],
    }
    return {kind: names for kind, names in found.items() if names}


def brings(loaded: LoadedPlugin) -> tuple[Addition, ...]:
    """Each thing a plugin brings, with details."""
    return tuple(_all(loaded))


def _all(loaded: LoadedPlugin) -> Iterator[Addition]:
    declared = loaded.declared
    for one in declared["declare_records"]:
        yield Addition("record", str(one.label_plural), {
            "key": one.key, "address": f"/{one.collection}", "fields": len(one.fields), "board": one.board is not None,
            "timeline": one.timeline, "menu": one.menu,
        })  # fmt: skip
    for one in declared["declare_menu"]:
        yield Addition("menu", str(one.label), {"address": one.href or f"/{one.collection}"})
    for one in declared["declare_panels"]:
        yield Addition("panel", str(one.title), {"slot": one.slot})
    for one in declared["declare_extensions"]:
        for field in one.fields:
            yield Addition("field", str(field.label), {"type": one.target})
    for one in declared["declare_record_actions"]:
        yield Addition("action", str(one.label), {"type": one.type})
    for one in declared["declare_palette"]:
        yield Addition("command", str(one.label), {"address": one.href})
    for one in declared["declare_permissions"]:
        yield Addition("permission", str(one.label), {"name": one.name, "roles": list(one.roles)})
    for one in declared["declare_jobs"]:
        yield Addition("job", str(one.label) or one.name, {"cron": one.cron})
    for one in declared["declare_subscriptions"]:
        types = [] if callable(one.types) else list(one.types)
        yield Addition("subscription", one.name, {"event": one.event, "types": types})
    for one in declared["declare_events"]:
        yield Addition("event", str(one.label), {"name": one.name})
    for one in declared["declare_features"]:
        yield Addition("feature", str(one.label), {"help": str(one.help), "by_role": one.by_role})
    if declared["declare_settings"] is not None:
        settings = declared["declare_settings"]
        yield Addition("settings", str(settings.title), {"fields": len(settings.fields)})
    for address in sorted(_pages(loaded)):
        yield Addition("page", address)
    for table in loaded.tables:
        yield Addition("table", table.name, {"columns": len(table.columns)})
    for capability in loaded.manifest.provides:
        yield Addition("contract", capability)


def _pages(loaded: LoadedPlugin) -> set[str]:
    """Addresses of the plugin's own that a browser can open."""
    from flask import Flask  # local: only who asks needs it

    app = Flask("kumiko_additions", static_folder=None)
    for blueprint in loaded.blueprints:
        app.register_blueprint(blueprint)
    return {
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.rule.startswith(("/api/", "/static/"))
    }

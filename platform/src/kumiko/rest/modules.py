"""GET /plugins, and switching them on and off."""

from __future__ import annotations

from typing import Any

from flask import Response

from kumiko.host.context import current, principal
from kumiko.host.errors import Forbidden, Invalid, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.operate import features, lifecycle
from kumiko.records import handover
from kumiko.rest.answers import answer
from kumiko.rest.inputs import invalid, json_body, kind_of, only, parameters, truth

PERMISSION = "plugins.switch"


def list_plugins() -> Response:
    """Every module with its state; reasons and failures only for those who may switch them."""
    parameters(())
    return answer({"data": [_plugin_json(view) for view in _views()]})


def read_plugin(name: str) -> Response:
    """One module; with its features for those who may switch them."""
    parameters(())
    said = _plugin_json(_find(name))
    if principal().may(PERMISSION):
        said["features"] = [
            {"name": one.name, "label": one.label, "on": one.on, "roles": [role.key for role in one.roles if role.on]}
            for one in features.features_of(name)
        ]
    return answer(said)


def enable(name: str) -> Response:
    """Check, migrate and switch on; what was on already stays so."""
    parameters(())
    only(json_body(optional=True), ())
    _require_switch()
    _find(name)
    return answer({"name": name, "state": "enabled", "switched": lifecycle.enable([name])})


def disable(name: str) -> Response:
    """Switch off; `{"cascade": true}` also those that need it, else 409 and `errors.cascade` names them. Data stay."""
    parameters(())
    body = json_body(optional=True)
    only(body, ("cascade",))
    _require_switch()
    _find(name)
    try:
        switched = lifecycle.disable(name, cascade=truth("cascade", body.get("cascade", False)))
    except lifecycle.NeededByOthers as refusal:
        refusal.errors = {"cascade": refusal.dependents}  # type: ignore[attr-defined]
        raise
    return answer({"name": name, "state": "disabled", "switched": switched})


def replace(name: str) -> Response:
    """202 {"name", "by", "job"}: `{"by": NAME}` takes over from this module, as a job; GET /jobs/JOB says how far."""
    parameters(())
    body = json_body()
    only(body, ("by",))
    _require_switch()
    by = body.get("by")
    if not isinstance(by, str) or not by:
        raise invalid("by", _("wanted the name of the module that takes over, found %(kind)s", kind=kind_of(by)))
    _find(name)
    _find(by)
    job_id = handover.start(name, by)
    made = answer({"name": name, "by": by, "job": job_id}, 202)
    made.headers["Location"] = f"/api/v1/jobs/{job_id}"
    return made


def switch_feature(name: str, feature: str) -> Response:
    """Switch a feature for everybody (`on`), or say which roles have it (`roles`, by key)."""
    parameters(())
    body = json_body()
    only(body, ("on", "roles"))
    _require_switch()
    _find(name)
    features.get_feature(name, feature)
    changed = []
    if "roles" in body:
        changed = features.only_for(name, feature, _keys(body["roles"]))
    if "on" in body and features.switch(name, feature, truth("on", body["on"])):
        changed.append("everybody")
    return answer({"name": name, "feature": feature, "changed": changed})


def _keys(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Invalid(_("Some values are not accepted."), {"roles": [_("wanted a list of keys of roles")]})
    return value


def _require_switch() -> None:
    if not principal().may(PERMISSION):
        raise Forbidden(_("Your role does not allow you to switch modules; ask an administrator."))


def _views() -> list[lifecycle.PluginView]:
    generation = current().generation
    if generation is None:
        raise NotFound(_("no generation is built yet"))
    return lifecycle.plugins_view(generation)


def _find(name: str) -> lifecycle.PluginView:
    found = next((view for view in _views() if view.name == name), None)
    if found is None:
        raise NotFound(_("There is no module %(name)r here; GET /api/v1/plugins lists them.", name=name[:80]))
    return found


def _plugin_json(view: lifecycle.PluginView) -> dict[str, Any]:
    said: dict[str, Any] = {
        "name": view.name,
        "title": view.title,
        "description": view.description,
        "version": view.version,
        "state": view.state,
        "provides": list(view.provides),
        "requires": list(view.requires),
        "wants": list(view.wants),
    }
    if principal().may(PERMISSION):
        said["reason"] = view.reason
        said["dependents"] = list(view.dependents)
        said["failures"] = sum(one.count for one in view.failures)
        said["restart_pending"] = view.restart_pending
    return said

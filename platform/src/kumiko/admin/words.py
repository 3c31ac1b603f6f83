"""Levels, actions and acts in words."""

from __future__ import annotations

from kumiko.host.i18n import gettext as _


def level_label(level: str) -> str:
    """A level of a right."""
    words = {"none": _("none"), "own": _("own"), "team": _("team"), "subtree": _("team and below"), "all": _("all")}
    return words.get(level, level)


def action_label(action: str) -> str:
    """What somebody does with records."""
    words = {"read": _("see"), "create": _("add"), "edit": _("change"), "delete": _("delete"), "export": _("export"),
             "bulk": _("change many"), "assign": _("hand over")}  # fmt: skip
    return words.get(action, action)


def act_label(act: str) -> str:
    """A line of the log; an act that nobody named here is shown as it is."""
    words = {
        "sign_in.ok": _("signed in"),
        "sign_in.failed": _("could not sign in"),
        "password.set": _("set the password of"),
        "password.changed": _("changed the password"),
        "view_as.start": _("looks through the eyes of"),
        "view_as.stop": _("stopped looking as"),
        "token.made": _("made an access token"),
        "token.revoked": _("revoked an access token"),
        "plugin.enable": _("switched on"),
        "plugin.disable": _("switched off"),
        "plugin.purge": _("deleted the data of"),
        "plugin.feature": _("switched a feature of"),
        "plugin.quarantine": _("put away after failures:"),
        "server.restart": _("had the server restarted"),
        "settings.change": _("changed settings of"),
        "export": _("exported"),
    }
    return words.get(act, act)

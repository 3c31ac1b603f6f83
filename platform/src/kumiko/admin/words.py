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
        "sign_in.locked": _("is locked for a while after many failures:"),
        "sessions.ended": _("signed out other browsers of"),
        "reset.asked": _("asked for a new password:"),
        "invitation.sent": _("invited"),
        "link.made": _("made a link to set a password for"),
        "second_factor.on": _("switched on the second factor"),
        "second_factor.off": _("switched off the second factor"),
        "second_factor.codes": _("made new recovery codes"),
        "second_factor.recovered": _("used a recovery code"),
        "second_factor.reset": _("reset the second factor of"),
        "roles.given": _("changed the roles of"),
        "role.changed": _("changed the role"),
        "user.active": _("switched the account on or off of"),
        "provider.user_made": _("came with the sign-in provider:"),
        "provider.linked": _("linked with the sign-in provider:"),
        "provider.roles_kept": _("kept roles that the provider would have changed"),
        "provider.tried": _("tried the sign-in provider"),
        "log.export": _("exported the log"),
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


def kind_label(kind: str) -> str:
    """What a security officer looks for together."""
    words = {
        "sign_ins": _("Sign-ins"), "failures": _("Failed sign-ins and lockouts"),
        "passwords": _("Passwords, resets, invitations"), "factors": _("Second factors"),
        "rights": _("Roles and rights"), "tokens": _("Access tokens"), "view_as": _("Looking as somebody else"),
        "exports": _("Exports"),
    }  # fmt: skip
    return words.get(kind, kind)

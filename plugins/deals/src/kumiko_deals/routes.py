"""The module's own pages: the inbox, and trying the rules of assignment."""

from __future__ import annotations

from flask import Blueprint, Response, request

from kumiko import Forbidden, draw_page, feature, may
from kumiko import gettext as _
from kumiko_contracts.inquiries import INQUIRY
from kumiko_deals import inbox, rule_trial
from kumiko_deals.inquiry_models import RULE

blueprint = feature("inbox")(Blueprint("deals_inbox", __name__))


@blueprint.get("/inquiries/inbox")
def show() -> Response:
    """What came in, newest first."""
    _require("read", INQUIRY)
    return draw_page("deals/inbox.html", v=inbox.inbox_view(request.args))


@blueprint.get("/assignment-rules/try")
def try_rules() -> Response:
    """Who would get an inquiry like this, and why."""
    _require("edit", RULE)
    return draw_page("deals/try_rules.html", v=rule_trial.trial_view(request.args))


def _require(action: str, type_key: str) -> None:
    if not may(action, type_key):
        raise Forbidden(_("Your role does not allow this; ask an administrator."))


blueprints = [blueprint]

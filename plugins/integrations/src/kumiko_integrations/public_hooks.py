"""The addresses of incoming web hooks: programs post to them with no session and no token of ours.

Each channel checks its own calls (a signature); what it accepts is kept as it came before the answer is given.
"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from kumiko import NotFound, browser, unguarded
from kumiko import gettext as _
from kumiko_integrations import accounts, intake, throttle

blueprint = Blueprint("integrations_hooks", __name__)
LARGEST_BODY = 1024 * 1024  # bytes


@blueprint.post("/hooks/<key>")
@unguarded
def take(key: str) -> Response:
    """POST: keep what came; 200 also for what had come before, with `new` 0."""
    request.max_content_length = LARGEST_BODY
    throttle.count_hit(throttle.HOOKS, browser().address)
    row = accounts.find_connection_by_key(key)
    channel = accounts.find_channel(row.channel) if row is not None else None
    if row is None or channel is None or channel.hook is None:
        raise NotFound(_("There is no such web hook, or no longer."))
    body = request.get_data()
    account = accounts.account_of(row)
    headers = {name.lower(): value for name, value in request.headers.items()}
    items = channel.hook(account, headers, body)
    news = [
        intake.take_note_once(
            intake.Arrival(
                channel=row.channel, account=account.key, item=item, owner_id=row.whose_id,
                title=str(item.meta.get("title") or row.name),
            )
        )[1]
        for item in items
    ]  # fmt: skip
    return jsonify(ok=True, new=sum(news))

"""Web hooks in both directions: signed, never twice, and nothing leaves that its user may not see."""

import json
import threading
import time
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from integrations_lab import BASE

from kumiko import create, delete, get, transaction, update, utc_now
from kumiko.host import settings
from kumiko_integrations import hook_channel
from kumiko_integrations.models import CONNECTION, WEBHOOK, Delivery, Intake, Webhook
from kumiko_integrations.sealing import open_secrets, put_secrets


class Other:
    """A program of somebody else's that is called; `answers` are the next statuses, then 200."""

    def __init__(self):
        self.calls, self.answers = [], []
        other = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                other.calls.append((dict(self.headers), body))
                status = other.answers.pop(0) if other.answers else 200
                self.send_response(status)
                self.end_headers()
                self.wfile.write(b"no room" if status >= 400 else b"ok")

            def log_message(self, *_args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hear"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def events(self):
        return [json.loads(body)["event"] for _headers, body in self.calls]


@pytest.fixture
def other():
    made = Other()
    yield made
    made.server.shutdown()
    made.server.server_close()


def make_hook(lab, **settings_given):
    with lab.acting(), transaction():
        made = create(CONNECTION, {"name": "Shop", "channel": hook_channel.KEY, "settings": settings_given})
        put_secrets(made.id, {"secret": "s3cret"})
    return made.id, f"/hooks/{made.get('key')}"


def call(lab, path, given, *, secret="s3cret", at=None, **headers):
    body = given if isinstance(given, bytes) else json.dumps(given).encode()
    moment = str(int(at if at is not None else time.time()))
    signed = {"X-Kumiko-Timestamp": moment, "X-Kumiko-Signature": hook_channel.sign(secret, moment, body), **headers}
    return lab.client.post(path, data=body, base_url=BASE, content_type="application/json", headers=signed)


def test_a_signed_call_is_mapped_and_taken_in_once_and_a_forged_one_is_refused(lab):
    mapping = "email = customer.emails[0]\nname = $.customer.name\ntext = note\nsource = shop"
    connection_id, path = make_hook(lab, mapping=mapping)
    order = {"customer": {"name": "Vera", "emails": ["vera@customer.example"]}, "note": "Two presses", "shop": "North"}
    now = time.time()
    assert [call(lab, path, order, at=now).json for _time in range(2)] == [
        {"ok": True, "new": 1},
        {"ok": True, "new": 0},
    ]
    assert call(lab, path, order, secret="guessed").status_code == 401
    old = call(lab, path, order, at=now - 3600)
    assert (old.status_code, "X-Kumiko-Timestamp" in old.text) == (401, True)
    assert lab.client.post("/hooks/unknown", data=b"{}", base_url=BASE).status_code == 404
    assert call(lab, path, b"no json").json["new"] == 1
    assert call(lab, path, b"x" * 2_000_000).status_code == 413
    lab.work()
    (incoming,) = lab.inquiries.received
    assert (incoming.channel, incoming.sender.name, incoming.sender.email, incoming.text, incoming.origin.source) == (
        "api", "Vera", "vera@customer.example", "Two presses", "North",
    )  # fmt: skip
    assert incoming.raw == order
    states = lab.rows(Intake, "state", "error")
    assert (states[0], states[1][0], "wanted JSON" in states[1][1]) == (("done", None), "failed", True)
    root = lab.person("root@example.com")
    console = root.get(f"/connections/{connection_id}/try")
    assert (console.status_code, "vera@customer.example" in console.text, "no json" in console.text) == (
        200,
        True,
        True,
    )
    tried = root.post(f"/connections/{connection_id}/try", {"body": json.dumps({"customer": {"name": "Tom"}})})
    assert (tried.status_code, "Tom" in tried.text) == (200, True)
    assert lab.person("sam@example.com").get(f"/connections/{connection_id}/try").status_code in (403, 404)


def watch(lab, other, email="root@example.com", **more):
    with lab.acting(), transaction():
        settings.put({"integrations.allow_private": True})
    person = lab.person(email)
    with lab.acting():
        made = create(WEBHOOK, {
            "name": "Books", "url": other.url, "acts_as": person.user_id,
            "events": ["parties.person.created", "parties.person.changed", "parties.person.deleted"], **more,
        })  # fmt: skip
        return made.id, open_secrets(made.id)["secret"]


def hear(lab, **more):
    with lab.acting():
        from kumiko import enqueue
        from kumiko_integrations import webhooks

        with transaction():
            enqueue(webhooks.READ, {"left": 0})
    lab.work(**more)


def test_what_happens_is_told_signed_with_before_and_after_and_only_what_its_user_sees(lab, other):
    with lab.acting():
        create("parties.person", {"last_name": "Before"})
    hook_id, secret = watch(lab, other, "sam@example.com")
    sam = lab.person("sam@example.com").user_id
    with lab.acting():
        own = create("parties.person", {"last_name": "Own", "owner": sam}).id
        foreign = create("parties.person", {"last_name": "Foreign secret"}).id
        update("parties.person", own, {"last_name": "Renamed"})
        update("parties.person", foreign, {"last_name": "Foreign secret two"})
        delete("parties.person", own)
    hear(lab)
    assert other.events == ["parties.person.created", "parties.person.changed", "parties.person.deleted"]
    assert all(b"Foreign" not in body for _headers, body in other.calls)
    headers, body = other.calls[1]
    told = json.loads(body)
    assert [one for one in told["changes"] if one["field"] == "last_name"] == [
        {"field": "last_name", "before": "Own", "after": "Renamed"}
    ]
    assert headers["X-Kumiko-Signature"] == hook_channel.sign(secret, headers["X-Kumiko-Timestamp"], body)
    hear(lab)
    assert (len(other.calls), lab.rows(Webhook, "health", "last_error")) == (3, [("ok", None)])
    page = lab.person("root@example.com").get(f"/webhooks/{hook_id}/setup")
    assert (page.status_code, secret in page.text, "parties.person.changed" in page.text) == (200, False, True)


def test_hidden_fields_never_leave(lab, other, monkeypatch):
    watch(lab, other, "root@example.com")
    look_up = lab.host.generation.state["principal_for_user"]

    def with_hidden(user_id):
        return replace(look_up(user_id), hidden={"parties.person": frozenset({"job_title"})})

    monkeypatch.setitem(lab.host.generation.state, "principal_for_user", with_hidden)
    with lab.acting():
        made = create("parties.person", {"last_name": "Vera", "job_title": "Chief of secrets"}).id
        update("parties.person", made, {"job_title": "Other secrets", "last_name": "Vera B."})
    hear(lab)
    assert (len(other.calls), [body for _headers, body in other.calls if b"ecrets" in body]) == (2, [])
    assert all("job_title" not in json.loads(body)["record"] for _headers, body in other.calls)


def test_filters_narrow_what_is_told_and_failures_are_tried_again_and_shown(lab, other):
    hook_id, _secret = watch(lab, other, only_fields="last_name", only={"f": "last_name", "op": "eq", "v": "Match"})
    other.answers = [503, 500]
    with lab.acting():
        match = create("parties.person", {"last_name": "Match"}).id
        create("parties.person", {"last_name": "Other"})
        update("parties.person", match, {"job_title": "Only this changes"})
    hear(lab)
    ((state, attempts, status, response, again),) = lab.rows(
        Delivery, "state", "attempts", "status", "response", "next_try_at"
    )
    assert (state, attempts, status, response, again > utc_now()) == ("queued", 1, 503, "no room", True)
    assert lab.rows(Webhook, "health", "last_error") == [("failing", "It answered 503.")]
    root = lab.person("root@example.com")
    delivery_id = lab.rows(Delivery, "id")[0][0]
    assert "no room" in root.get(f"/webhooks/{hook_id}/setup").text
    assert root.post(f"/webhooks/{hook_id}/deliveries/{delivery_id}/retry").status_code == 303
    lab.work()
    lab.work(later=timedelta(minutes=3))
    assert lab.rows(Delivery, "state", "status") == [("delivered", 200)]
    ids = {headers["Idempotency-Key"] for headers, _body in other.calls}
    assert (len(other.calls), ids) == (3, {f"kumiko-delivery-{delivery_id}"})
    with lab.acting(), transaction():
        settings.put({"integrations.allow_private": False})
    status, said = root.api("PATCH", f"/webhooks/{hook_id}", {"url": "http://127.0.0.1:9/x"}, If_Match="*")
    assert (status, "private network" in str(said["errors"])) == (422, True)
    assert root.api("PATCH", f"/webhooks/{hook_id}", {"events": ["no.such"]}, If_Match="*")[0] == 422
    with lab.acting():
        update("parties.person", match, {"last_name": "Match", "job_title": "x"})
        assert get(WEBHOOK, hook_id).get("active") is True

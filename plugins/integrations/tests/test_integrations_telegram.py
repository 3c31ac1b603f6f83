"""A connector as a vendor ships it, against a server that speaks the documented Bot API."""

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from integrations_lab import Lab, build
from sqlalchemy import insert

from kumiko import create, transaction
from kumiko.host.models import PluginState
from kumiko_contracts.integrations import Outgoing
from kumiko_integrations import polling
from kumiko_integrations.models import CONNECTION, Connection, Intake, Outbox
from kumiko_integrations.sealing import put_secrets
from kumiko_integrations.services import IntegrationsService

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "kumiko-telegram"
TOKEN = "123:abc"


class BotApi:
    """getMe, getUpdates and sendMessage as https://core.telegram.org/bots/api describes them."""

    def __init__(self):
        self.updates, self.sent, self.answers = [], [], []
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                values = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, said = api.answer(self.path, values)
                body = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, path, values):
        word, token, method = "", *path.strip("/").split("/")
        if token != f"bot{TOKEN}" + word:
            return 401, {"ok": False, "error_code": 401, "description": "Unauthorized"}
        if self.answers:
            status, said = self.answers.pop(0)
            return status, {"ok": False, "error_code": status, "description": said}
        if method == "getUpdates":  # an update is forgotten once a higher offset was asked for
            self.updates = [one for one in self.updates if one["update_id"] >= values["offset"]]
            return 200, {"ok": True, "result": self.updates[: values["limit"]]}
        if method == "sendMessage":
            self.sent.append((values["chat_id"], values["text"]))
            return 200, {"ok": True, "result": {"message_id": 900 + len(self.sent)}}
        return 200, {"ok": True, "result": {"id": 1, "is_bot": True, "first_name": "Bot"}}

    def hear(self, number, text, chat_id=77):
        who = {"id": chat_id, "first_name": "Vera", "last_name": "Visitor", "language_code": "de"}
        message = {"message_id": number, "date": 1_760_000_000 + number, "chat": {"id": chat_id}, "from": who}
        self.updates.append({"update_id": number, "message": {**message, "text": text}})


def build_with_telegram(url):
    build(url)
    from kumiko.host.database import Database

    database = Database.open(url)
    with database.engine.begin() as connection:
        connection.execute(insert(PluginState).values(name="telegram", state="enabled"))
    database.close()


@pytest.fixture
def telegram(zoo, clone_database, tmp_path):
    """(lab with the connector on, the server it talks to, id of the connection)."""
    assert zoo.install_project(EXAMPLE) == "telegram"
    lab, api = Lab(clone_database("integrations telegram", build_with_telegram), tmp_path), BotApi()
    assert dict(lab.host.generation.failed) == {}
    with lab.acting(), transaction():
        made = create(CONNECTION, {"name": "Bot", "channel": "telegram.bot", "settings": {"api_url": api.url}})
        put_secrets(made.id, {"token": TOKEN})
    yield lab, api, made.id
    api.server.shutdown()
    api.server.server_close()
    lab.close()


def test_what_is_written_to_the_bot_comes_in_once_and_the_answer_goes_back(telegram):
    lab, api, connection_id = telegram
    for number in range(1, 4):
        api.hear(number, f"Message {number}")
    api.updates.append({"update_id": 4, "poll": {"id": "no message"}})
    for _time in range(2):
        with lab.acting(), transaction():
            polling.poll_now(connection_id)
        lab.work()
    assert [(one.channel, one.text, one.thread, one.sender.name, one.language) for one in lab.inquiries.received] == [
        ("messenger", f"Message {number}", "77", "Vera Visitor", "de") for number in range(1, 4)
    ]
    assert ([state for (state,) in lab.rows(Intake, "state")], api.updates) == (["done"] * 3, [])
    answer = Outgoing(
        channel="messenger", to=(), text="We call you", thread="77", account=f"telegram.bot:{connection_id}"
    )
    with lab.acting("root@example.com"), transaction():
        assert IntegrationsService().can_send("messenger")
        IntegrationsService().send(answer, key="answer:1")
    api.answers = [(429, "Too Many Requests: retry after 5")]
    lab.work()
    assert lab.rows(Outbox, "state", "error") == [("queued", "Telegram said: Too Many Requests: retry after 5")]
    lab.work(later=timedelta(minutes=2))
    assert (lab.rows(Outbox, "state", "outside_id"), api.sent) == ([("sent", "77:901")], [("77", "We call you")])
    root = lab.person("root@example.com")
    assert root.post(f"/connections/{connection_id}/check").status_code == 303
    assert lab.rows(Connection, "health") == [("ok",)]
    root.post(f"/connections/{connection_id}/setup", {"name": "Bot", "active": "true", "set-api_url": api.url,
                                                     "secret-token": "guessed"})  # fmt: skip
    root.post(f"/connections/{connection_id}/check")
    assert lab.rows(Connection, "health", "last_error") == [
        ("failing", "Telegram does not accept the token: Unauthorized")
    ]

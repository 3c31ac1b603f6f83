"""What people do all day, at random; each says what the server has confirmed, so that it can be looked for later."""

import json
import random
import time
import uuid
from collections import Counter
from urllib.parse import urlencode

#: Answers that are no fault: done, refused in words, not there for this person, a module that is off, wait.
FINE = {200, 201, 202, 204, 304, 403, 404, 409, 412, 422, 428, 429}
#: The server, or the database behind it, is away: ask again, with the same key.
AWAY = {0, 502, 503}


class Person:
    """One of the crowd, in a thread of its own. `kept`: (collection, id) -> name of what was confirmed as made."""

    def __init__(self, rest, email, seed, until_s):
        self.rest, self.email, self.until_s = rest, email, until_s
        self.chance = random.Random(seed)
        self.kept, self.gone, self.sent = {}, set(), {}
        self.answers, self.strange = Counter(), []
        self.issued = set()

    def work(self):
        acts = [
            (6, self.look), (3, self.search), (4, self.make_customer), (5, self.make_deal), (6, self.change_deal),
            (4, self.move_deal), (2, self.close_deal), (3, self.make_task), (2, self.finish_task), (2, self.invoice),
            (4, self.inquire), (2, self.change_many), (2, self.bin_and_restore), (3, self.undo), (1, self.export),
            (2, self.follow),
        ]  # fmt: skip
        weights = [weight for weight, _act in acts]
        while time.monotonic() < self.until_s:
            ((_weight, act),) = self.chance.choices(acts, weights)
            act()
            time.sleep(self.chance.uniform(0, 0.4))

    # ------------------------------------------------------------------------------------------------ asking

    def ask(self, method, path, body=None, **headers):
        """(status, JSON), asked again with the same key while the server is away."""
        if method == "POST":
            headers["Idempotency-Key"] = uuid.uuid4().hex
        while True:
            status, said = self.rest.ask(method, path, body, **headers)
            self.answers[status] += 1
            if status not in AWAY:
                break
            if time.monotonic() > self.until_s + 300:
                self.strange.append((method, path, status, "away for five minutes"))
                break
            time.sleep(self.chance.uniform(0.2, 1))
        if status not in FINE and status not in AWAY:
            self.strange.append((method, path, status, str(said)[:500]))
        return status, said

    def make(self, collection, **values):
        status, said = self.ask("POST", f"/{collection}", values)
        if status != 201:
            return None
        self.kept[collection, said["id"]] = said["name"]
        return said

    def mine(self, collection):
        return [key for key in self.kept if key[0] == collection and key not in self.gone]

    def one_of_mine(self, collection):
        found = self.mine(collection)
        return self.chance.choice(found[-30:])[1] if found else None

    # ------------------------------------------------------------------------------------------------ acts

    def look(self):
        path = self.chance.choice((
            "/deals?limit=50&sort=-updated_at", "/persons?q=an&count=true", "/tasks?limit=20", "/leads", "/me",
            "/deals?" + urlencode({"filter": json.dumps({"and": [{"f": "outcome", "op": "eq", "v": "open"}]})}),
        ))  # fmt: skip
        self.ask("GET", path)

    def search(self):
        self.ask("GET", "/search?" + urlencode({"q": self.chance.choice(("Press", "Cust", "mill", "zz"))}))

    def make_customer(self):
        word = uuid.UUID(int=self.chance.getrandbits(128)).hex[:10]
        self.make("persons", name=f"Customer {word}", emails=[{"address": f"{word}@customer.example"}])

    def make_deal(self):
        price = f"{self.chance.randrange(1, 9000)}.{self.chance.randrange(100):02}"
        self.make("deals", name=f"Press {self.chance.randrange(10**9)}", person=self.one_of_mine("persons"),
                  sales_lines=[{"text": "Press", "quantity": self.chance.randrange(1, 4), "price": price}])  # fmt: skip

    def change_deal(self):
        if (deal := self.one_of_mine("deals")) is None:
            return
        status, said = self.ask("GET", f"/deals/{deal}")
        if status == 200:
            values = self.chance.choice(({"tags": [self.chance.choice("abc")]}, {"expected_close_on": "2027-03-01"},
                                         {"name": f"Press {self.chance.randrange(10**9)}"}))  # fmt: skip
            status, _ = self.ask("PATCH", f"/deals/{deal}", values, **{"If-Match": f'"{said["version"]}"'})
            if status == 200 and "name" in values:
                self.kept["deals", deal] = values["name"]
            elif "name" in values:
                self.kept["deals", deal] = None  # done or not: a lost answer to a PATCH with a version says 412

    def move_deal(self):
        deal = self.one_of_mine("deals")
        status, said = self.ask("GET", "/stages?limit=50")
        if deal is not None and status == 200 and said["data"]:
            stage = self.chance.choice(said["data"])["id"]
            self.ask("PATCH", f"/deals/{deal}", {"stage": stage}, **{"If-Match": "*"})

    def close_deal(self):
        if (deal := self.one_of_mine("deals")) is not None:
            act = self.chance.choice(("win", "lose", "reopen"))
            self.ask("POST", f"/deals/{deal}/{act}", {})

    def make_task(self):
        self.make("tasks", name=f"Call {self.chance.randrange(10**9)}", due_on="2026-12-01")

    def finish_task(self):
        if (task := self.one_of_mine("tasks")) is not None:
            self.ask("POST", f"/tasks/{task}/done", {})

    def invoice(self):
        if (deal := self.one_of_mine("deals")) is None:
            return
        self.ask("POST", f"/deals/{deal}/invoice", {})
        status, said = self.ask("GET", f"/invoices?deal={deal}")
        for row in said["data"] if status == 200 else ():
            done, told = self.ask("POST", f"/invoices/{row['id']}/issue", {})
            if done == 200:
                self.issued.add(told["number"])

    def inquire(self):
        word = uuid.UUID(int=self.chance.getrandbits(128)).hex[:12]
        status, said = self.ask("POST", "/inquiries", {
            "sender_name": f"Guest {word}", "sender_email": f"{word}@guest.example", "body": "How much is it?",
            "external_id": word, "channel": "api",
        })  # fmt: skip
        if status == 201:
            self.sent[word] = said["id"]

    def change_many(self):
        ids = [key[1] for key in self.mine("deals")][-5:]
        if ids:
            self.ask("POST", "/deals/bulk", {"ids": ids, "set": {"expected_close_on": "2027-05-01"}})

    def bin_and_restore(self):
        if (person := self.one_of_mine("persons")) is None:
            return
        self.gone.add(("persons", person))  # until we know better
        status, _ = self.ask("DELETE", f"/persons/{person}", **{"If-Match": "*"})
        if status in (204, 404) and self.chance.random() < 0.7:
            status, _ = self.ask("POST", f"/persons/{person}/restore")
            if status == 200:
                self.gone.discard(("persons", person))

    def undo(self):
        if (deal := self.one_of_mine("deals")) is None:
            return
        status, said = self.ask("GET", f"/deals/{deal}/history?limit=5")
        units = [row["unit"] for row in said["data"] if row["action"] == "changed"] if status == 200 else []
        if units:
            self.kept["deals", deal] = None  # its name may be another one afterwards
            self.ask("POST", f"/units/{self.chance.choice(units)}/undo")

    def export(self):
        self.ask("GET", "/deals?limit=200&fields=name,amount,stage")

    def follow(self):
        status, said = self.ask("GET", "/changes?limit=100")
        if status == 200 and said["more"]:
            self.ask("GET", f"/changes?after={said['next']}&limit=100")

"""Access tokens that may do less than their user, work for a time, and may not ask without end."""

import time
from datetime import timedelta

import pytest
from rest_lab import api, problem  # noqa: F401 - a fixture
from sqlalchemy import select, update

from kumiko.access import accounts, limits, tokens
from kumiko.access.models import Token, TokenUse, table
from kumiko.host import settings
from kumiko.host.columns import utc_now
from kumiko.host.context import SYSTEM, use
from kumiko.host.errors import Invalid
from kumiko.host.scoping import trusted


@pytest.fixture
def narrowed(api):
    """A function (words) -> a program of the administrator whose token has these words."""
    from rest_lab import Program

    def make(*words, **more):
        with use(api.host.context(principal=SYSTEM, via="cli")):
            return Program(api.host, accounts.make_token(api.user_id("root"), words=words, **more))

    return make


def types_in_the_feed(program):
    """Types of what the feed tells, once it tells of topics: transactions of other tests on the server hold it back."""
    ends_at = time.monotonic() + 20
    while True:
        seen = {entry["type"] for entry in program.get("/changes?limit=500").json["data"]}
        if "sample.topic" in seen or time.monotonic() > ends_at:
            return seen
        time.sleep(0.2)


def test_a_token_reads_and_writes_what_its_words_say_and_nothing_else(api, narrowed):
    root = api.program("root")
    topic, thing = root.make("topics", name="Light"), root.make("things", name="Lamp")
    reader, writer = narrowed("topics:read"), narrowed("topics:write", "things:read")

    assert reader.names("/topics") == ["Light"]
    assert reader.names("/things") == []
    assert reader.get(f"/things/{thing['id']}").status_code == 404
    assert reader.post("/topics", {"name": "Dark"}).status_code == 403
    assert [hit["name"] for hit in reader.get("/search?q=La").json["data"]] == []
    seen = types_in_the_feed(reader)
    assert seen == {"sample.topic", "access.user"}, "everybody may see who the users are"

    assert writer.patch(f"/topics/{topic['id']}", {"name": "Bright"}, version=topic["version"]).status_code == 200
    assert writer.patch(f"/things/{thing['id']}", {"name": "No"}, version=thing["version"]).status_code == 403
    assert writer.get("/me").json["scopes"] == ["topics:write", "things:read"]
    assert writer.get("/me").json["permissions"] == []
    assert root.get("/me").json["scopes"] is None


def test_every_collection_and_single_permissions_can_be_named(api, narrowed):
    reader, switcher = narrowed("*:read"), narrowed("may:plugins.switch")

    api.program("root").make("things", name="Lamp")
    assert reader.names("/things") == ["Lamp"]
    assert reader.post("/things", {"name": "Lamp"}).status_code == 403
    assert reader.get("/me").json["permissions"] == []
    assert switcher.get("/me").json["permissions"] == ["plugins.switch"]
    assert switcher.names("/things") == []


def test_a_narrowed_token_opens_no_pages_and_makes_no_tokens(api, narrowed):
    program = narrowed("*:read")
    answer = program.client.get("/sign-out-everywhere", headers=program.headers, base_url="http://crm.local")

    assert answer.status_code in (403, 404)
    assert "tokens.make" not in program.get("/me").json["permissions"]


@pytest.mark.parametrize("word", ["things", "things:delete", "nothings:read", "may:fly", ":read"])
def test_words_that_name_nothing_are_refused(narrowed, word):
    with pytest.raises(Invalid, match="wanted COLLECTION:read|names no permission"):
        narrowed(word)


def test_a_token_that_only_reads_takes_no_words_of_writing(narrowed):
    with pytest.raises(Invalid, match="may only read cannot have words that end in :write"):
        narrowed("things:write", read_only=True)


def test_a_token_works_until_its_day(api, narrowed):
    program = narrowed("things:read", days=30)
    assert program.get("/things").status_code == 200
    with use(api.host.context(principal=SYSTEM, via="cli")) as context, context.database.engine.begin() as connection:
        connection.execute(update(table(Token)).values(expires_at=utc_now() - timedelta(seconds=1)))

    assert program.get("/things").status_code == 401


def test_a_token_may_ask_so_often_a_minute_and_is_told_what_is_left(api, monkeypatch):
    monkeypatch.setattr(limits.time, "time", lambda: 1_000_000_030.0)
    with use(api.host.context(principal=SYSTEM, via="cli")):
        settings.put({"rest.requests_per_minute": 3})
    program, other = api.program("root"), api.program("ann")

    answers = [program.get("/me") for _ in range(4)]

    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert [one.headers["RateLimit-Remaining"] for one in answers] == ["2", "1", "0", "0"]
    assert {one.headers["RateLimit-Limit"] for one in answers} == {"3"}
    assert answers[3].headers["Retry-After"] == answers[3].headers["RateLimit-Reset"] == "50"
    assert "may ask 3 times a minute" in answers[3].json["detail"]
    assert problem(answers[3])[0] == 429
    assert other.get("/me").status_code == 200
    monkeypatch.setattr(limits.time, "time", lambda: 1_000_000_090.0)
    assert program.get("/me").status_code == 200


def test_the_limit_holds_for_all_processes_together(api):
    first, second = limits.Limits(api.database), limits.Limits(api.database)

    rates = []
    for one in (first, second) * 60:
        rates.append(one.count(7, 100, now_s=600.0))
        one.settle()

    assert sum(not rate.exceeded for rate in rates) in range(100, 111), "each may be a twentieth behind"
    with use(api.host.context(principal=SYSTEM, via="cli")):
        assert trusted(select(table(TokenUse).c.requests)).scalar_one() == 120
        limits.forget_old(780.0)
        assert trusted(select(table(TokenUse).c.requests)).first() is None


def test_the_list_of_tokens_says_what_each_may(api, narrowed):
    narrowed("things:read", days=30, name="shop")
    with use(api.host.context(principal=SYSTEM, via="cli")):
        (found,) = tokens.list_of(api.user_id("root"))
    assert (found.name, found.scopes) == ("shop", ["things:read"])
    assert timedelta(days=29) < found.expires_at - utc_now() <= timedelta(days=30)

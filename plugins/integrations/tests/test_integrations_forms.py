"""Forms on web sites: what visitors send is kept as it came, once, and becomes an inquiry; robots are set aside."""

import re
from datetime import timedelta

from integrations_lab import BASE

from kumiko import create, find, get, update, utc_now
from kumiko.host.errors import Invalid, TooMany
from kumiko_integrations import throttle
from kumiko_integrations.models import DONE, FAILED, FORM, INTAKE, WAITING, Hit, Intake, Raw


def make_form(lab, **values):
    with lab.acting():
        form = create(FORM, {"name": "Contact", "least_s": 0, "source": "Website", **values})
    names = {row["means"]: f"q{row['id']}" for row in form.get("fields")}
    return form, f"/f/{form.get('key')}", names


def answers(names, **more):
    said = {"name": "Vera Visitor", "email": "vera@customer.example", "message": "A press, please"}
    return {names[key]: value for key, value in (said | more).items()}


def test_a_visitor_sends_a_form_and_a_repeated_click_sends_nothing_more(lab):
    form, path, names = make_form(lab, consent="I agree.", origins="https://shop.example", campaign="Spring")
    config = lab.client.get(f"{path}/config.json", base_url=BASE, headers={"Origin": "https://shop.example"})
    assert config.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    page = "https://shop.example/presses?utm_source=news&utm_medium=mail&utm_campaign=May"
    sent = answers(names) | {"_token": config.json["token"], "_page": page, "_referrer": "https://search.example/"}
    headers = {"Origin": "https://shop.example", "Sec-Fetch-Site": "cross-site", "Accept": "application/json"}
    first = lab.client.post(path, data=sent, base_url=BASE, headers=headers)
    assert (first.status_code, list(first.json["errors"])) == (422, ["consent"])
    sent["consent"] = "yes"
    for _click in range(3):
        again = lab.client.post(path, data=sent, base_url=BASE, headers=headers)
        assert (again.status_code, again.json["ok"]) == (200, True)
    lab.work()
    (incoming,) = lab.inquiries.received
    assert (incoming.channel, incoming.account, incoming.sender.name, incoming.sender.email) == (
        "form", f"form:{form.id}", "Vera Visitor", "vera@customer.example",
    )  # fmt: skip
    origin = incoming.origin
    assert (origin.source, origin.medium, origin.campaign) == ("news", "mail", "May")
    assert (origin.landing_page, origin.referrer) == (page, "https://search.example/")
    assert incoming.text == "A press, please\n\nConsented: I agree."
    assert lab.rows(Intake, "state", "attempts", "channel") == [(DONE, 1, "form")]
    ((body,),) = lab.rows(Raw, "body")
    assert b"A+press,+please" in body  # as it came
    stranger = lab.client.post(path, data=sent, base_url=BASE, headers={**headers, "Origin": "https://evil.example"})
    assert (stranger.status_code, "evil.example" in stranger.json["message"]) == (403, True)


def test_a_page_without_scripts_takes_the_same_and_says_what_is_wrong(lab):
    _form, path, names = make_form(lab, least_s=2)
    page = lab.client.get(path, base_url=BASE)
    token = re.search(r'name="_token" value="([^"]+)"', page.text)[1]
    wrong = lab.client.post(path, data=answers(names, email="no address") | {"_token": token}, base_url=BASE)
    assert wrong.status_code == 200  # too quick: a robot, thanked and set aside
    plain = answers(names, message="<script>alert(1)</script>", email="no address")
    wrong = lab.client.post(path, data=plain, base_url=BASE)
    assert (wrong.status_code, "is no e-mail address" in wrong.text) == (422, True)
    assert ("<script>alert(1)" in wrong.text, "&lt;script&gt;alert(1)" in wrong.text) == (False, True)
    huge = lab.client.post(path, data=answers(names, message="x" * 1024 * 1024), base_url=BASE)
    assert (huge.status_code, "too large" in huge.text) == (413, True)
    long = lab.client.post(path, data=answers(names, message="x" * 30_000), base_url=BASE)
    assert (long.status_code, "at most 20000 characters" in long.text) == (422, True)
    trapped = lab.client.post(path, data=answers(names) | {"website2": "http://spam.example"}, base_url=BASE)
    assert (trapped.status_code, "Thank you" in trapped.text) == (200, True)
    good = answers(names, message="<script>alert(1)</script>")
    assert lab.client.post(path, data=good, base_url=BASE).status_code == 200
    lab.work()
    assert [one.text for one in lab.inquiries.received] == ["<script>alert(1)</script>"]
    assert sorted(lab.rows(Intake, "state", "error")) == [("aside", "robot"), ("aside", "robot"), (DONE, None)]


def test_what_fails_stands_in_the_list_with_its_raw_text_and_goes_on_by_a_button(lab):
    _form, path, names = make_form(lab)
    lab.inquiries.refuses = Invalid("No.", {"email": ["it is blocked"]})
    lab.client.post(path, data=answers(names), base_url=BASE)
    lab.work()
    lab.inquiries.refuses = None
    lab.client.post(path, data=answers(names, message="Another one"), base_url=BASE)
    lab.work()
    assert lab.rows(Intake, "state", "error") == [(FAILED, "No. email: it is blocked"), (DONE, None)]
    root, sam = lab.person("root@example.com"), lab.person("sam@example.com")
    _status, found = root.api("GET", "/intake?state=failed&count=true")
    record_id = found["data"][0]["id"]
    card = root.get(f"/intake/{record_id}")
    assert ("A+press" in card.text, "Try again" in card.text) == (True, True)
    assert sam.get(f"/intake/{record_id}").status_code == 404
    overview = root.get("/integrations")
    assert (overview.status_code, "/intake?channel=form&amp;state=failed" in overview.text) == (200, True)
    assert sam.get("/integrations").status_code == 403
    assert root.api("POST", f"/intake/{record_id}/retry", {})[0] == 200
    lab.work()
    assert [one.text for one in lab.inquiries.received] == ["Another one", "A press, please"]
    status, said = root.api("POST", "/intake/bulk", {"ids": [record_id], "set": {"state": "new"}})
    assert (status, said["changed"]) == (200, 0)  # it is taken in: nothing to try again
    assert root.api("POST", f"/intake/{record_id}/retry", {})[0] == 409


def test_while_nobody_receives_items_wait_and_are_taken_in_on_the_return(lab):
    _form, path, names = make_form(lab)
    lab.let_nobody_receive()
    for number in range(5):
        lab.client.post(path, data=answers(names, message=f"Number {number}"), base_url=BASE)
    lab.work()
    assert [state for (state,) in lab.rows(Intake, "state")] == [WAITING] * 5
    lab.let_receive()
    with lab.acting():
        from kumiko_integrations import taking_in

        taking_in.sweep(None)
    lab.work()
    assert sorted(one.text for one in lab.inquiries.received) == [f"Number {number}" for number in range(5)]
    assert [state for (state,) in lab.rows(Intake, "state")] == [DONE] * 5
    with lab.acting("root@example.com"):
        one = lab.rows(Intake, "id")[0][0]
        assert (find(INTAKE, one).get("result")["state"], get(INTAKE, one).title[:7]) == ("waiting", "Contact")


def test_a_form_is_built_previewed_and_its_snippet_copied(lab):
    root, sam = lab.person("root@example.com"), lab.person("sam@example.com")
    status, form = root.api("POST", "/forms", {"name": "Callback"})
    assert status == 201
    page = root.get(f"/forms/{form['id']}/build")
    assert (page.status_code, f'data-kumiko-form="{form["key"]}"' not in page.text) == (200, True)
    assert f"{BASE}/f/{form['key']}/form.js" in page.text
    assert sam.get(f"/forms/{form['id']}/build").status_code in (403, 404)
    typed = {
        "name": "Callback",
        "fields.0.label": "Your <b>phone</b>",
        "fields.0.means": "phone",
        "fields.present": "1",
    }
    seen = root.post(f"/forms/{form['id']}/preview", typed)
    assert (seen.status_code, "Your &lt;b&gt;phone&lt;/b&gt;" in seen.text) == (200, True)
    refused = root.post(f"/forms/{form['id']}/build", typed | {"origins": "not an address"})
    assert (refused.status_code, "wanted addresses such as" in refused.text) == (422, True)
    done = root.post(f"/forms/{form['id']}/build", typed | {"origins": "https://Shop.example/", "active": "true"})
    assert done.status_code == 303, done.text[:2000]
    with lab.acting():
        kept = get(FORM, form["id"])
        assert [row["label"] for row in kept.get("fields")] == ["Your <b>phone</b>"]
        assert kept.get("origins") == "https://shop.example"
        update(FORM, form["id"], {"active": False})
    assert lab.client.get(f"/f/{form['key']}", base_url=BASE).status_code == 404
    script = lab.client.get(f"/f/{make_form(lab)[0].get('key')}/form.js", base_url=BASE)
    assert (script.status_code, script.mimetype) == (200, "text/javascript")


def test_who_asks_too_often_waits_until_the_window_is_over_and_others_do_not(lab):
    limit = throttle.Limit("test", 2, 60)
    refused = []
    with lab.acting():
        for address in ("192.0.2.1",) * 4 + ("192.0.2.2",):
            try:
                throttle.count_hit(limit, address)
            except TooMany as fault:
                refused.append((address, 50 <= fault.retry_after_s <= 60))
    assert refused == [("192.0.2.1", True)] * 2
    hit = Hit.__table__
    with lab.database.engine.begin() as connection:
        connection.execute(hit.update().values(begun_at=utc_now() - timedelta(seconds=61)))
    with lab.acting():
        throttle.count_hit(limit, "192.0.2.1")
    assert sorted(lab.rows(Hit, "hits")) == [(1,), (1,)]

"""Requests that no page of Kumiko sends: numbers that no database holds, HEAD where forms are sent. Both databases."""

import pytest
from web_lab import Person, open_lab

from kumiko.records import service


@pytest.fixture
def lab(clone_database, tmp_path):
    made = open_lab(clone_database, tmp_path)
    with made.acting("root@example.com"):
        made.thing = service.create("sample.thing", {"name": "Lamp"}).id
    yield made
    made.database.close()


@pytest.fixture
def root(lab):
    return Person(lab, "root@example.com")


@pytest.mark.parametrize("number", ["9223372036854775808", "9" * 40])
def test_a_number_that_no_database_holds_is_an_address_of_nothing(root, number):
    paths = (
        "/things/{}",
        "/things/{}/edit",
        "/things/{}/history",
        "/things/{}/cell/code",
        "/units/{}",
        "/admin/users/{}",
    )
    assert [root.get(path.format(number)).status_code for path in paths] == [404] * len(paths)
    assert root.post(f"/units/{number}/undo").status_code in (404, 405)


def test_head_answers_like_get_without_a_body_and_never_counts_as_a_sent_form(lab, root):
    paths = ("/things/new", f"/things/{lab.thing}/edit", f"/things/{lab.thing}/actions/finish", "/things/bulk")
    for path in paths:
        head = root.browser.head(path)
        assert (head.status_code, head.data) == (root.get(path).status_code, b""), path
    with lab.acting("root@example.com"):
        assert service.get("sample.thing", lab.thing).version == 1

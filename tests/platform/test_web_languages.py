"""A person reads Kumiko in the language of the profile, else in that of the browser."""

import re

import pytest
from web_lab import Person, open_lab, text_of

from kumiko.host.errors import Invalid
from kumiko.records import service


@pytest.fixture
def lab(clone_database, tmp_path):
    made = open_lab(clone_database, tmp_path)
    yield made
    made.database.close()


@pytest.fixture
def root(lab):
    return Person(lab, "root@example.com")


def test_the_profile_offers_the_languages_that_have_a_catalogue(root):
    menu = re.search(r"<select[^>]*name=\"?language.*?</select>", root.get("/profile").text, re.DOTALL)
    options = dict(re.findall(r"<option value=\"?([\w]+)\"?[^>]*>([^<]+)", menu[0]))
    assert options == {"en": "English", "de": "Deutsch"}


def test_the_switch_in_the_profile_changes_every_page(root):
    assert "Keyboard shortcuts" in text_of(root.get("/topics"))
    assert root.post("/profile", {"name": "Root", "language": "de"}).status_code == 303
    page = root.get("/topics")
    assert '<html lang="de"' in page.text
    assert ("Tastenkürzel" in text_of(page), "Keyboard shortcuts" in text_of(page)) == (True, False)
    assert "Zeitzone" in text_of(root.get("/profile"))
    root.post("/profile", {"name": "Root", "language": "en"})
    assert "Keyboard shortcuts" in text_of(root.get("/topics"))


def test_a_stranger_reads_the_language_of_the_browser(lab):
    browser = lab.browser()
    german = browser.get("/sign-in", Accept_Language="de-AT,de;q=0.9,en;q=0.5").text
    french = browser.get("/sign-in", Accept_Language="fr").text
    assert ('<html lang="de"' in german, ">Anmelden</button>" in german) == (True, True)
    assert ('<html lang="en"' in french, ">Sign in</button>" in french) == (True, True)


def test_refusals_of_the_service_follow_the_reader_too(lab, root):
    root.post("/profile", {"name": "Root", "language": "de"})
    with lab.acting("root@example.com"), pytest.raises(Invalid) as caught:
        service.create("sample.thing", {"name": "x", "size": "many"})
    assert caught.value.errors == {"size": ["erwartet wird eine Zahl wie 12.5, gefunden 'many'"]}


@pytest.mark.parametrize(
    ("price", "sentence"),
    [
        ("lots", "'lots' ist kein Betrag; geben Sie eine Zahl wie 1054.00 oder 1054.00 USD an"),
        ("5 XXY", "Die Währung 'XXY' ist unbekannt; geben Sie einen ISO-Code wie USD oder EUR an"),
        ({"value": "x", "currency": "USD"}, "'x' ist kein Betrag; geben Sie eine Zahl wie 1054.00 an"),
        ({"value": "NaN", "currency": "USD"}, "'NaN' ist kein Betrag; geben Sie eine endliche Zahl an"),
        ({"value": "1.005", "currency": "USD"}, "1.005 hat mehr Nachkommastellen als USD (2)"),
        ("1e30 USD", "'1e30 USD' ist kein Betrag; geben Sie eine Zahl wie 1054.00 oder 1054.00 USD an"),
        ({"value": "9" * 20, "currency": "USD"}, f"{'9' * 20} ist mehr, als Kumiko zählt; "
         "der größte Betrag ist 10^17 kleinste Einheiten"),
    ],
)  # fmt: skip
def test_amounts_are_refused_in_the_readers_language(lab, root, price, sentence):
    root.post("/profile", {"name": "Root", "language": "de"})
    with lab.acting("root@example.com"), pytest.raises(Invalid) as caught:
        service.create("sample.thing", {"name": "x", "price": price})
    assert caught.value.errors == {"price": [sentence]}

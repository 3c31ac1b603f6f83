"""`kumiko import`, `export` and `undo` as people type them: what they print, write and answer."""

import csv
import json

import orjson
import pytest

from kumiko.access import accounts
from kumiko.host import context
from kumiko.operate import cli
from kumiko.operate.shell import Shell
from kumiko.records import dumps, service
from kumiko.records.catalogue import catalogue
from kumiko.records.queries import all_ids

MAPPED = ("--map", "name=company", "--map", "industry=branch", "--map", "parent=belongs")


def ended_with(*arguments):
    """The exit code of a command line."""
    try:
        cli.main(list(arguments))
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.fixture
def home(clone_database, tmp_path, monkeypatch):
    """An installation with a head and a seller; the current folder is empty."""

    def build(url):
        monkeypatch.setenv("KUMIKO_DATABASE_URL", url)
        monkeypatch.setenv("KUMIKO_HOME", str(tmp_path / "building"))
        assert ended_with("init", "--empty", "--modules", "deals") == 0
        with Shell().acting():
            accounts.add_user("Hedy", "hedy@example.com", roles=["head"])
            accounts.add_user("Sam", "sam@example.com", roles=["seller"])

    url = clone_database("imports commands", build)
    monkeypatch.setenv("KUMIKO_DATABASE_URL", url)
    monkeypatch.setenv("KUMIKO_HOME", str(tmp_path / "home"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


@pytest.fixture
def kumiko(home, capfd):
    """Runs a command line: (exit code, stdout, stderr)."""

    def run(*arguments):
        capfd.readouterr()
        ended = ended_with(*arguments)
        said = capfd.readouterr()
        return ended, said.out, said.err

    return run


def write(name, text):
    with open(name, "w", encoding="utf-8") as stream:
        stream.write(text)
    return name


def organizations():
    with Shell().acting():
        info = catalogue().by_collection["organizations"]
        views = [service.get(info.key, one) for one in all_ids(info)]
        return {view.title: view.get("parent").name if view.get("parent") else None for view in views}


def test_parents_may_stand_later_in_the_file_and_circles_and_strangers_are_refused(kumiko):
    file = write("o.csv", "company,branch,belongs\nLeaf,x,Stem\nStem,x,Root\nRoot,x,\nA,x,B\nB,x,A\nLost,x,Nowhere\n")

    code, out, err = kumiko("import", "organizations", file, *MAPPED)

    assert (code, err) == (0, "")
    assert organizations() == {"Leaf": "Stem", "Stem": "Root", "Root": None}
    assert out.splitlines()[0] == "6 rows: 3 created, 0 changed, 0 unchanged, 3 refused."
    path = next(line for line in out.splitlines() if line.startswith("Refused rows")).partition(": ")[2]
    with open(path, encoding="utf-8-sig", newline="") as stream:
        assert [(row["company"], row["row"], row["reason"]) for row in csv.DictReader(stream)] == [
            ("A", "5", "this row stands below itself in the file"),
            ("B", "6", "this row stands below itself in the file"),
            ("Lost", "7", "parent: there is no organization 'Nowhere' that you may see"),
        ]


def test_the_answer_for_programs_names_counts_group_and_file(kumiko):
    file = write("o.csv", "company,branch,belongs,extra\nOne,x,,1\n,x,,2\n")

    code, out, _err = kumiko("import", "organizations", file, *MAPPED, "--json")

    said = json.loads(out)
    assert code == 0
    assert said["refused_file"].endswith(".csv")
    assert isinstance(said["group"], int)
    assert {name: said[name] for name in ("rows", "created", "updated", "unchanged", "refused", "unmapped", "key")} == {
        "rows": 2, "created": 1, "updated": 0, "unchanged": 0, "refused": 1, "unmapped": ["extra"], "key": "name",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "arguments", "sentence"),
    [
        (b"\x89PNG\r\n\x1a\n", (), "o.csv is named .csv, so text was expected, but it holds a picture (PNG)."),
        (b"", (), "o.csv is empty (0 bytes)."),
        (
            b"company,branch\n",
            ("--map", "name=firm"),
            "The file has no column 'firm'; its columns are: company, branch.",
        ),
        (b"company,branch\nA,x\n", ("--map", "nmae=company"), "Organizations have no field 'nmae'"),
        (b"company\nA\n", (), "No column bears the name of a field"),
        (b"company\nA\n", ("--map", "name=company", "--group", "99999"), "There is no group 99999 of yours"),
    ],
)
def test_what_is_wrong_with_the_file_as_a_whole_ends_with_one_and_writes_nothing(kumiko, content, arguments, sentence):
    with open("o.csv", "wb") as stream:
        stream.write(content)

    code, out, err = kumiko("import", "organizations", "o.csv", *arguments)

    assert (code, out) == (1, "")
    assert sentence in err
    assert organizations() == {}


def test_wrong_usage_ends_with_two(kumiko):
    write("o.csv", "company\nA\n")
    assert kumiko("import", "organizations", "o.csv", "--map", "name")[0] == 2
    assert kumiko("import", "organizations", "o.csv", "--values", "a=b")[0] == 2
    assert kumiko("import", "organizations")[0] == 2
    assert kumiko("import", "things-that-are-not", "o.csv")[0] == 1
    assert kumiko("import", "organizations", "missing.csv")[0] == 1
    assert kumiko("export", "organizations", "--format", "doc")[0] == 2
    assert kumiko("export", "organizations", "--filter", "{")[0] == 1


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_an_export_that_comes_in_again_changes_nothing(kumiko, file_format):
    with Shell().acting():
        acme = service.create(
            "parties.organization",
            {
                "name": "=Acme, \"the\" 'first'", "website": "acme.example", "annual_revenue": "1250 USD",
                "tags": ["a", "b c"], "emails": [{"address": "a@acme.example", "kind": "work"}], "country": "PT",
                "description": "two\nlines", "external_id": "007",
            },
        )  # fmt: skip
        person = service.create(
            "parties.person", {"name": "Ann Lee", "organization": acme.id, "birthday": "1980-02-03"}
        )
        service.create(
            "deals.deal",
            {
                "name": "Deal", "amount": "10.01 EUR", "organization": acme.id, "expected_close_on": "2026-01-02",
                "participants": [{"person": person.id, "role": "payer"}],
            },
        )  # fmt: skip
    for collection in ("organizations", "persons", "deals"):
        name = f"{collection}.{file_format}"
        assert kumiko("export", collection, "--format", file_format, "--output", name)[0] == 0

        code, out, err = kumiko("import", collection, name, "--key", "id", "--json")

        said = json.loads(out)
        assert (code, err) == (0, "")
        assert (said["unchanged"], said["updated"], said["created"], said["problems"]) == (1, 0, 0, [])


def test_an_export_as_json_is_an_array_of_records_as_the_api_gives_them(kumiko):
    with Shell().acting():
        ids = [service.create("parties.organization", {"name": name}).id for name in ("B", "A", "C")]
    code, out, _err = kumiko("export", "organizations", "--format", "json", "--filter",
                             '{"f":"name","op":"in","v":["A","B"]}')  # fmt: skip

    with Shell().acting():
        wanted = [
            orjson.loads(orjson.dumps(dumps.dump_view(service.get("parties.organization", one)))) for one in ids[:2]
        ]
    assert (code, json.loads(out)) == (0, wanted)


def test_undo_ends_with_nought_three_or_one(kumiko):
    file = write("o.csv", "company\nOne\nTwo\n")
    group = json.loads(kumiko("import", "organizations", file, "--map", "name=company", "--json")[1])["group"]
    assert kumiko("undo", str(group))[0] == 0
    assert organizations() == {}
    assert kumiko("undo", str(group))[0] == 1
    assert kumiko("undo", "99999")[0] == 1

    write("o.csv", "company,branch\nOne,a\nTwo,a\n")
    kumiko("import", "organizations", file, "--map", "name=company", "--map", "industry=branch")
    write("o.csv", "company,branch\nOne,b\nTwo,b\n")
    said = kumiko("import", "organizations", file, "--map", "name=company", "--map", "industry=branch", "--json")[1]
    with Shell().acting():
        service.update(
            "parties.organization", all_ids(catalogue().by_collection["organizations"])[0], {"industry": "c"}
        )

    code, out, _err = kumiko("undo", str(json.loads(said)["group"]))

    assert code == 3
    assert out.splitlines()[1] == "1 fields hold a later change and were left."


def test_an_import_has_the_rights_of_the_person_it_is_done_for(kumiko):
    file = write("o.csv", "company\nOne\n")
    arguments = ("import", "organizations", file, "--map", "name=company")

    refused = kumiko(*arguments, "--as", "sam@example.com")
    done = kumiko(*arguments, "--as", "hedy@example.com")

    assert refused == (1, "", "Your role does not allow you to import files; ask an administrator.\n")
    assert done[0] == 0
    with Shell().acting():
        view = service.get("parties.organization", all_ids(catalogue().by_collection["organizations"])[0])
        assert view.get("owner").name == "Hedy"
    assert kumiko("export", "organizations", "--as", "sam@example.com")[0] == 1


def test_a_user_without_an_address_is_made_and_an_owner_brings_the_team(kumiko):
    write("u.csv", "who,boss,region\nAnn,North,East\nBen,South,East\n")
    kumiko("import", "users", "u.csv", "--map", "name=who", "--map", "team=boss", "--map", "team.parent=region",
           "--set", "roles=seller", "--create", "teams")  # fmt: skip
    write("d.csv", "id,who,value\n1,Ann,5\n2,Zoe,6\n3,,7\n")

    code, out, _err = kumiko("import", "deals", "d.csv", "--map", "external_id=id", "--map", "name=id",
                             "--map", "owner=who", "--map", "amount=value", "--set", "currency=USD")  # fmt: skip

    assert (code, out.splitlines()[0]) == (0, "3 rows: 2 created, 0 changed, 0 unchanged, 1 refused.")
    with Shell().acting():
        views = [service.get("deals.deal", one) for one in all_ids(catalogue().by_collection["deals"])]
        found = [tuple(view.get(name) and view.get(name).name for name in ("owner", "team")) for view in views]
        assert found == [("Ann", "North"), (None, None)]
        assert context.current().via == "cli"

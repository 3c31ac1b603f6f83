"""`kumiko plugin new` and `kumiko plugin migration` as people type them: what is written, and what is refused."""

import shutil
import sys
from pathlib import Path

import pytest

from kumiko.host import loader
from kumiko.operate import cli


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder to work in; what is imported from it is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("kumiko_") and not name.startswith(("kumiko_testing", "kumiko_contracts")):
            del sys.modules[name]
    loader._imported.pop("rooms", None)


@pytest.fixture
def kumiko(here, capfd):
    """Runs a command line: (exit code, what it printed)."""

    def run(*arguments):
        capfd.readouterr()
        try:
            cli.main(list(arguments))
            ended = 0
        except SystemExit as end:
            ended = int(end.code or 0)
        said = capfd.readouterr()
        return ended, said.out + said.err

    return run


def files(folder):
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"
    )


def test_a_new_plugin_is_a_whole_project_and_says_what_to_type_next(kumiko, here):
    code, said = kumiko("plugin", "new", "rooms")
    assert (code, said.splitlines()) == (
        0,
        [
            "written: kumiko-rooms, 8 files",
            "next:",
            "  kumiko plugin install --editable kumiko-rooms",
            "  kumiko plugin enable rooms",
            "  kumiko serve",
        ],
    )
    assert files(here / "kumiko-rooms") == [
        ".gitignore", "README.md", "pyproject.toml", "src/kumiko_rooms/__init__.py",
        "src/kumiko_rooms/migrations/versions/0001_tables_of_rooms.py", "src/kumiko_rooms/plugin.py",
        "src/kumiko_rooms/plugin.toml", "tests/test_rooms.py",
    ]  # fmt: skip
    text = (here / "kumiko-rooms/src/kumiko_rooms/plugin.py").read_text("utf-8")
    assert ('key="rooms.room"' in text, 'collection="rooms"' in text, "$" in text) == (True, True, False)


def test_it_goes_where_it_is_told_and_into_an_empty_folder_only(kumiko, here):
    (here / "empty").mkdir()
    assert kumiko("plugin", "new", "rooms", "--path", "empty")[0] == 0
    (here / "full").mkdir()
    (here / "full/mine.txt").write_text("mine")
    code, said = kumiko("plugin", "new", "halls", "--path", "full")
    assert (code, said) == (1, "full is not empty; name another folder with --path, or move away what is there\n")
    assert files(here / "full") == ["mine.txt"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("Rooms!", "'Rooms!' is no name for a plugin; wanted 2 to 40 of a to z, digits and underscores, "
                   "a letter first, for example 'rooms'"),
        ("9", "'9' is no name for a plugin; wanted 2 to 40 of a to z, digits and underscores, a letter first"),
        ("class", "'class' is a word of the language Python; choose another name, for example class_log"),
        ("deals", "a plugin called 'deals' is installed here already; choose another name"),
        ("records", "a plugin called 'records' is installed here already; choose another name"),
        ("person", "the address /persons belongs to Customers (parties); choose another name"),
        ("testing", "a package kumiko_testing is installed here already; choose another name"),
    ],
)  # fmt: skip
def test_names_that_cannot_be_used_are_refused_and_nothing_is_written(kumiko, here, name, sentence):
    assert kumiko("plugin", "new", name) == (1, f"{sentence}\n")
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "thing", "collection"),
    [("companies", "company", "companies"), ("fleet", "fleet", "fleets"),
     ("factory", "factory", "factories"), ("glass", "glass", "glasses"),
     ("car_parts", "car_part", "car-parts"), ("status", "status", "statuses")],
)  # fmt: skip
def test_words_follow_from_the_name(name, thing, collection):
    from kumiko.operate.scaffold import _words

    words = _words(name)
    assert (words["thing"], words["collection"]) == (thing, collection)


def test_a_changed_declaration_gets_its_migration_and_an_unchanged_one_none(kumiko, here):
    kumiko("plugin", "new", "rooms")
    assert kumiko("plugin", "migration", "kumiko-rooms", "nothing") == (
        0,
        "Nothing differs: the tables are as declared.\n",
    )
    plugin = here / "kumiko-rooms/src/kumiko_rooms/plugin.py"
    added = '        Field(name="floor", kind="integer", label="Floor"),\n        Field(name="due_on"'
    plugin.write_text(plugin.read_text("utf-8").replace('        Field(name="due_on"', added), "utf-8")
    for name in [one for one in sys.modules if one.startswith("kumiko_rooms")]:
        del sys.modules[name]
    shutil.rmtree(plugin.parent / "__pycache__", ignore_errors=True)
    code, said = kumiko("plugin", "migration", "kumiko-rooms", "rooms have a floor")
    path = Path(said.strip().removeprefix("written: "))
    assert (code, path.name) == (0, "0002_rooms_have_a_floor.py")
    text = path.read_text("utf-8")
    assert 'down_revision = "0001"' in text
    assert 'batch_op.add_column(sa.Column("floor", sa.Integer(), nullable=True))' in text
    assert 'batch_op.drop_column("floor")' in text


def test_a_folder_that_is_no_project_is_named(kumiko, here):
    assert kumiko("plugin", "migration", "./nowhere", "x") == (
        1, "there is no pyproject.toml in nowhere; name the folder of a plugin's project\n",
    )  # fmt: skip

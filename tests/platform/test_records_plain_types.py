"""Tables that follow from fields: every kind on both databases, lists, extensions, boards; and what is refused."""

import pytest

from kumiko import Money, create, find, get, plugin_base, undo, unit, update
from kumiko.host import loader
from kumiko.host.database import engine_for_migration, normalise_url
from kumiko.host.declarations import Field
from kumiko.host.errors import DeclarationError
from kumiko.host.manifest import scan
from kumiko.records.plain_types import PlainExtension, PlainRecordType
from kumiko_testing.records import CORE, open_house, prepare_database

EVERYTHING = """
    from kumiko import Choice, Field, PlainExtension, PlainRecordType, hookimpl, plugin_base

    Base = plugin_base("herd")
    COLOURS = (Choice(key="red", label="Red"), Choice(key="blue", label="Blue"))
    HERD = PlainRecordType(
        base=Base, key="herd.herd", collection="herds", label="Herd", label_plural="Herds",
        fields=(Field(name="name", kind="text", label="Name", required=True),),
    )
    COW = PlainRecordType(
        base=Base, key="herd.cow", collection="cows", label="Cow", label_plural="Cows",
        fields=(
            Field(name="name", kind="text", label="Name", required=True),
            Field(name="owner", kind="link", label="Farmer", to="access.user"),
            Field(name="mark", kind="text", label="Mark", max_length=12),
            Field(name="notes", kind="longtext", label="Notes"),
            Field(name="age", kind="integer", label="Age"),
            Field(name="weight", kind="number", label="Weight"),
            Field(name="share", kind="percent", label="Share"),
            Field(name="price", kind="money", label="Price"),
            Field(name="sold", kind="boolean", label="Sold"),
            Field(name="born_on", kind="date", label="Born"),
            Field(name="seen_at", kind="moment", label="Seen"),
            Field(name="colour", kind="choice", label="Colour", choices=COLOURS),
            Field(name="spots", kind="multichoice", label="Spots", choices=COLOURS),
            Field(name="herd", kind="link", label="Herd", to="herd.herd"),
            Field(name="email", kind="email", label="E-mail"),
            Field(name="phone", kind="phone", label="Phone"),
            Field(name="page", kind="url", label="Page"),
            Field(name="data", kind="json", label="Data"),
            Field(name="calves", kind="list", label="Calves", items=(
                Field(name="word", kind="text", label="Word"),
                Field(name="herd", kind="link", label="Herd", to="herd.herd"),
            )),
        ),
    )
    SIDE = PlainExtension(
        base=Base, target="sample.thing",
        fields=(Field(name="herd_colour", kind="choice", label="Colour", choices=COLOURS),),
    )

    @hookimpl
    def declare_records():
        return [HERD, COW]

    @hookimpl
    def declare_extensions():
        return [SIDE]
"""
TOML = 'prefix = "herd"\ncollections = ["herds", "cows"]'


def load(name="herd"):
    return loader.load(scan(()).get(name))


@pytest.fixture
def herd(zoo, clone_database, tmp_path):
    """An installation with the sample plugin and the herd."""
    zoo.add("herd", EVERYTHING, toml=TOML)

    def build(url):
        prepare_database(url, CORE)
        engine = engine_for_migration(normalise_url(url))
        load().base.metadata.create_all(engine)
        engine.dispose()

    house = open_house(clone_database("herd", build), tmp_path, CORE, ["herd"])
    assert dict(house.generation.failed) == {}
    with house.acting():
        yield house
    house.database.close()


def test_every_kind_has_its_columns(zoo):
    zoo.add("herd", EVERYTHING, toml=TOML)
    tables = load().base.metadata.tables
    own = [f"{one.name} {one.type!r}" for one in tables["herd_cow"].columns][11:]
    assert own == [
        "mark String(length=12)", "notes Text()", "age Integer()", "weight Float(precision=53)",
        "share Float(precision=53)", "price_minor BigInteger()", "price_currency String(length=3)", "sold Boolean()",
        "born_on Date()", "seen_at UtcDateTime(timezone=True)", "colour String(length=80)",
        "spots JsonValue(none_as_null=True)", "herd_id BigInteger()",
        "email String(length=254)", "phone String(length=40)", "page String(length=500)",
        "data JsonValue(none_as_null=True)",
    ]  # fmt: skip
    assert sorted(tables) == ["herd_cow", "herd_cow_calves", "herd_herd", "herd_thing_side"]
    assert [one.name for one in tables["herd_cow_calves"].columns] == ["id", "parent_id", "position", "word", "herd_id"]
    indexes = {index.name: [column.name for column in index.columns] for index in tables["herd_cow"].indexes}
    assert indexes["ix_herd_cow_herd"] == ["herd_id", "id"]
    assert len(indexes) == 5, "those of every record, and one per own link"


def test_values_of_every_kind_are_kept_changed_and_taken_back(herd):
    group = create("herd.herd", {"name": "North"}).id
    values = {
        "name": "Berta", "mark": "B1", "notes": "calm", "age": 4, "weight": 512.5, "share": 40, "price": "900 EUR",
        "sold": False, "born_on": "2022-03-01", "seen_at": "2026-01-02T03:04:05Z", "colour": "red", "spots": ["blue"],
        "herd": group, "email": "b@example.com", "phone": "+49301234", "page": "https://example.com", "data": {"a": 1},
        "calves": [{"word": "Bo", "herd": group}],
    }  # fmt: skip
    cow = create("herd.cow", values)
    assert (cow.get("price"), cow.get("weight"), cow.get("spots")) == (Money(90000, "EUR"), 512.5, ["blue"])
    assert (cow.get("herd").name, cow.get("calves")[0]["word"]) == ("North", "Bo")
    with unit() as opened:
        update("herd.cow", cow.id, {"price": None, "colour": "blue", "calves": []})
    undo(opened.id)
    again = get("herd.cow", cow.id)
    assert (again.get("price"), again.get("colour")) == (Money(90000, "EUR"), "red")
    assert again.get("calves")[0]["word"] == "Bo"


def test_a_plain_extension_adds_fields_to_a_type_of_another_module(herd):
    made = create("sample.thing", {"name": "Lamp", "herd_colour": "red"})
    update("sample.thing", made.id, {"herd_colour": "blue"})
    assert find("sample.thing", made.id).get("herd_colour") == "blue"


def test_a_module_that_is_imported_again_has_tables_of_its_own(zoo):
    zoo.add("herd", EVERYTHING, toml=TOML)
    first = load()
    zoo.forget_modules()
    second = load()
    assert first.base is not second.base
    assert sorted(second.base.metadata.tables) == sorted(first.base.metadata.tables)


def test_what_is_on_two_bases_is_refused_with_what_to_do(zoo):
    own = """
    from kumiko import Field, PlainRecordType, plugin_base
    Base = plugin_base("herd")
    COW = PlainRecordType(
        key="herd.cow", collection="cows", label="Cow", label_plural="Cows",
        fields=(Field(name="name", kind="text", label="Name"),),
    )
    @hookimpl
    def declare_models():
        return Base
    @hookimpl
    def declare_records():
        return [COW]
    """
    zoo.add("herd", own, toml=TOML)
    with pytest.raises(
        DeclarationError,
        match="its classes are on several bases; make one with plugin_base, and give it to all of them",
    ):
        load()


def test_an_extension_with_copies_needs_a_class():
    with pytest.raises(DeclarationError, match=r"herd: a plain extension of sample\.thing keeps no copies"):
        PlainExtension(base=plugin_base("herd"), target="sample.thing", fields=(), mirrors=("owner_id",))


def test_a_board_by_another_kind_of_field_is_refused_and_the_others_run(zoo, clone_database, tmp_path):
    wrong = EVERYTHING.replace('label_plural="Cows",', 'label_plural="Cows", board=Board(by="age"),')
    zoo.add("herd", wrong.replace("import Choice", "import Board, Choice"), toml=TOML)
    house = open_house(clone_database("sample alone", prepare_database), tmp_path, CORE, ["herd"])
    said = {name: one.reason for name, one in house.generation.failed.items()}
    house.database.close()
    assert list(said) == ["herd"]
    assert "the board of herd.cow by 'age' needs scopes and an action" in said["herd"]


def test_the_declaration_stays_a_record_type():
    made = PlainRecordType(
        key="herd.bull", collection="bulls", label="Bull", label_plural="Bulls",
        fields=(Field(name="name", kind="text", label="Name"),),
    )  # fmt: skip
    assert (made.model.__name__, made.model.__tablename__) == ("Bull", "herd_bull")

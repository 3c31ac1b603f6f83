"""Contracts of vendors: found by the entry-point group, checked at load, with Null object and suite of their own."""

import pytest
from test_host_resolver import one

from kumiko.host import contracts, resolver
from kumiko.host.services import Services
from kumiko_testing.lab import suite_of
from kumiko_testing.zoo import bare, zoo

__all__ = ["bare", "zoo"]

CONTRACT = """
from kumiko_contracts.shapes import Fact, Shape, ShapeField
VERSION = "wine/1"
SHAPES = (Shape(key="wine.bottle", collection="bottles", actions=("open",), fields=(
    ShapeField(name="name", kind="text"), ShapeField(name="colour", kind="choice", choices=("red", "white")))),)
FACTS = (Fact(name="wine.opened/1", fields={"by_id": "user"}),)
class Null:
    def bottles(self):
        return 0
"""
SUITE = '''
def it_holds_bottles(lab):
    """There are bottles."""
CHECKS = (it_holds_bottles,)
'''
PROVIDER = """
from kumiko import Choice, EventType, Field, PlainRecordType, RecordAction
COLOURS = (Choice(key="red", label="Red"), Choice(key="white", label="White"))
BOTTLE = PlainRecordType(key="cellar.bottle", collection="bottles", label="Bottle", label_plural="Bottles", fields=(
    Field(name="name", kind="text", label="Name"),
    Field(name="colour", kind="choice", label="Colour", choices=COLOURS)))

@hookimpl
def declare_services():
    return {"wine/1": object}
"""


@pytest.fixture
def wine(zoo):
    """The contract wine/1 as a distribution of its own."""
    folder = zoo.folder / "wine_contracts"
    (folder / "suites").mkdir(parents=True)
    for path, text in (
        ("__init__.py", ""),
        ("wine.py", CONTRACT),
        ("suites/__init__.py", ""),
        ("suites/wine.py", SUITE),
    ):
        (folder / path).write_text(text)
    info = zoo.folder / "wine_contracts-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: wine_contracts\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[kumiko.contracts]\nwine/1 = wine_contracts.wine\n")
    zoo.packages.append("wine_contracts")
    contracts._found.clear()
    yield zoo
    contracts._found.clear()


def test_a_contract_of_a_vendor_has_a_null_object_and_a_suite(wine):
    assert Services({}).find("wine/1").bottles() == 0
    assert [check.__doc__ for check in suite_of("wine/1")] == ["There are bottles."]
    assert (Services({}).find("beer/1"), suite_of("beer/1")) == (None, ())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (PROVIDER, "wine/1 wants records of 'wine.bottle' at 'bottles'; declare that type."),
        (
            PROVIDER + "@hookimpl\ndef declare_records():\n    return [WINE]\n",
            "wine/1 wants white among the choices of 'colour' of 'wine.bottle'.",
        ),
    ],
)
def test_a_provider_that_lacks_something_is_left_out_with_a_sentence(text, sentence, wine, bare):
    text = text.replace(
        'Choice(key="red", label="Red"), Choice(key="white", label="White")', 'Choice(key="red", label="Red"),'
    )
    text = text.replace("WINE", "BOTTLE").replace('"cellar.bottle"', '"wine.bottle"')
    wine.add("cellar", text, toml='prefix = "wine"\nprovides = ["wine/1"]\ncollections = ["bottles"]')
    host = bare.host()
    bare.switch_on(host, "cellar")
    assert host.generation.failed["cellar"].reason == f"cellar, declare_services: {sentence}"


def test_two_providers_are_told_that_one_may_take_over():
    both = [one("one", provides=["wine/1"]), one("two", provides=["wine/1"])]
    assert resolver.resolve(both).problems["one"] == (
        "one and two both provide the contract 'wine/1'; only one of them can be on: disable the other first, or let "
        "one take over from the other (replace).",
    )

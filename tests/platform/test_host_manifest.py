"""A plugin is described before anything of it is imported."""

import sys

import pytest

from kumiko.host.errors import ManifestError
from kumiko.host.manifest import scan


def test_a_package_that_raises_at_import_is_described_all_the_same(zoo):
    toml = 'description = "Does things."\ncollections = ["things"]\nprovides = ["boom/1"]\nwants = ["tasks/1"]\n'
    zoo.add("boom", "raise RuntimeError", toml=toml, version="2.5", files={"__init__.py": "raise SystemExit(9)"})
    found = scan(()).get("boom")
    assert (found.name, found.version, found.title, found.prefix, found.module, found.package) == (
        "boom",
        "2.5",
        "Boom",
        "boom",
        "zoo_boom.plugin",
        "zoo_boom",
    )
    assert (found.collections, found.provides, found.wants, found.core) == (
        ("things",),
        ("boom/1",),
        ("tasks/1",),
        False,
    )
    assert not any(name.startswith("zoo_boom") for name in sys.modules)


REFUSED = {
    "an unknown key": ('colour = "red"', "bad: plugin.toml has unknown keys: colour"),
    "a number for a list": ("provides = 5", "bad: provides in plugin.toml is 5; wanted a list of texts"),
    "a list for a text": ("description = []", "bad: description in plugin.toml is []; wanted a text"),
    "a contract without major": (
        'provides = ["deals"]',
        "bad: provides names 'deals'; wanted a contract such as 'deals/1'",
    ),
    "a strange prefix": ('prefix = "Bad-Prefix"', "bad: the prefix 'Bad-Prefix' is not made of a to z"),
    "a strange collection": ('collections = ["My Deals"]', "bad: the collection 'My Deals' is no word for an address"),
    "no TOML": ("][", "bad: plugin.toml cannot be read:"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_impossible_manifest_is_refused_with_a_sentence(case, zoo):
    toml, sentence = REFUSED[case]
    zoo.add("bad", toml=toml)
    with pytest.raises(ManifestError) as refusal:
        scan(()).get("bad")
    assert refusal.value.message.startswith(sentence)


def test_a_missing_manifest_is_named(zoo):
    zoo.add("bad")
    (zoo.folder / "zoo_bad" / "plugin.toml").unlink()
    assert [one.reason for one in scan(()).unreadable if one.name == "bad"] == [
        "bad: plugin.toml is missing beside the plugin's code"
    ]


def test_an_unknown_name_lists_those_that_exist(zoo):
    zoo.add("one")
    zoo.add("two")
    with pytest.raises(ManifestError, match=r"no plugin called 'three' is installed; installed are: .*one.*two"):
        scan(()).get("three")


def test_what_is_installed_while_we_run_is_seen(zoo):
    assert "late" not in scan(()).manifests
    zoo.add("late")
    assert scan(()).get("late").title == "Late"


def test_two_packages_with_one_name_are_refused_by_name(zoo):
    zoo.add("twin")
    info = zoo.folder / "other-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[kumiko.plugins]\ntwin = zoo_twin.plugin\n")
    found = scan(())
    assert "twin" in found.manifests
    assert next(one.reason for one in found.unreadable if one.name == "twin").endswith(
        "both bring a plugin called 'twin'; uninstall one of them"
    )

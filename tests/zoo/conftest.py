"""Fixtures of the zoo: `zoo` makes plugins that misbehave, `bare` is a host to put them into, `house` a full one."""

import pytest
from zoo_house import GOOD, ZooHouse, build

from kumiko_testing import databases
from kumiko_testing.zoo import bare, zoo

__all__ = ["bare", "zoo"]

_houses = {}


@pytest.fixture(scope="session", autouse=True)
def _tear_down():
    yield
    for made, url in _houses.values():
        made.close()
        databases.drop(url)


@pytest.fixture
def house(database_kind, tmp_path_factory):
    """The full house of this engine, without any animal."""
    if database_kind not in _houses:
        url = databases.clone("zoo house", build, database_kind)
        _houses[database_kind] = (ZooHouse(url, tmp_path_factory.mktemp("house")), url)
    made = _houses[database_kind][0]
    yield made
    made.remove("bad")
    made.remove("liar")


@pytest.fixture
def neighbours(zoo, bare):
    """Puts a good plugin beside the given one and returns (client, host)."""

    def put(name: str, plugin: str, **more):
        zoo.add("good", GOOD)
        zoo.add(name, plugin, **more)
        host = bare.host()
        bare.switch_on(host, "good", name)
        client = bare.client(host)
        assert client.get("/good/page").text == "good"
        return client, host

    return put

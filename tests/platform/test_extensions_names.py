"""Rule (a) of extensions: plain names that a contract keeps, else PLUGIN_field; who breaks it is left out by name."""

import json
from pathlib import Path

import pytest
from extension_lab import FULL, lab, make_tables

from kumiko.host.contracts import reserved_names
from kumiko.host.errors import DeclarationError, Invalid
from kumiko.operate import lifecycle, probe
from kumiko.records import history, queries, service
from kumiko.records.catalogue import catalogue
from kumiko_contracts.deals import DEAL, RESERVED

__all__ = ["lab"]
EXAMPLE = Path(__file__).parents[2] / "examples" / "kumiko-deals-lite"

PLUGIN = """
from kumiko import Extension, Field, Id, Scope, plugin_base
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

Base = plugin_base("{name}")

class Side(Base):
    __tablename__ = "{name}_side"
    __scope__ = {scope}
    record_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    {field}: Mapped[str | None] = mapped_column(String(20))
    size: Mapped[int | None]

@hookimpl
def declare_models():
    return Base

@hookimpl
def declare_extensions():
    return [Extension(target="{target}", model=Side, fields=({fields},), mirrors={mirrors!r})] * {times}
"""


def extending(name, field, target="sample.thing", *, scope="", mirrors=("size",), times=1, shown=""):
    """The text of a plugin that adds one text field to a type."""
    return PLUGIN.format(
        name=name,
        field=field,
        target=target,
        scope=scope or f"Scope.through({target!r}, 'record_id')",
        fields=f"Field(name={(shown or field)!r}, kind='text', label='A field')",
        mirrors=mirrors,
        times=times,
    )


def test_the_contract_of_deals_keeps_the_names_of_whoever_keeps_the_pipeline():
    names = {"pipeline", "stage", "probability", "stage_entered_at", "position", "forecast_category"}
    assert {DEAL: names} == RESERVED
    assert reserved_names("deals.deal") == names
    assert reserved_names("deals.interaction") == reserved_names("nobody.thing") == frozenset()


REFUSED = {
    "a plain name": (
        extending("goats", "herd", "deals.deal"),
        "goats, declare_extensions: the field 'herd' of 'deals.deal' must start with 'goats_'; the plain names "
        "kept for extensions are forecast_category, pipeline, position, probability, stage, stage_entered_at",
    ),
    "a plain name without a contract": (
        extending("goats", "herd"),
        "goats, declare_extensions: the field 'herd' of 'sample.thing' must start with 'goats_'; no contract keeps "
        "plain names of this type for extensions",
    ),
    "another plugin's name": (extending("goats", "extra_rank"), "the field 'extra_rank' of 'sample.thing' must start"),
    "the same type twice": (extending("goats", "goats_herd", times=2), "'sample.thing' is extended twice"),
    "open side rows": (
        extending("goats", "goats_herd", scope="Scope.public('why not')"),
        "goats, declare_extensions: Side must say __scope__ = Scope.through('sample.thing', 'record_id'): side rows "
        "are read as far as their records",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_plugin_that_breaks_a_rule_is_left_out_with_a_sentence(zoo, bare, case):
    text, sentence = REFUSED[case]
    zoo.add("goats", text)
    host = bare.host()
    bare.switch_on(host, "goats")
    assert sentence in host.generation.failed["goats"].reason


def test_plugin_check_says_the_same(zoo):
    zoo.add("goats", REFUSED["a plain name"][0])
    zoo.add("sheep", extending("sheep", "stage", "deals.deal"))
    assert probe.check("goats").problems == (REFUSED["a plain name"][1],)
    assert probe.check("sheep").ok


MISFITS = {
    "a copy that nobody has": (
        extending("goats", "goats_herd", mirrors=("weather",)),
        "goats: sample_thing has no column 'weather' that could be mirrored",
    ),
    "a field without a column": (
        extending("goats", "goats_herd", shown="goats_milk"),
        "goats: field 'goats_milk' needs the column 'goats_milk' in table goats_side",
    ),
}


@pytest.mark.parametrize("case", MISFITS)
def test_what_does_not_fit_the_type_leaves_its_plugin_out_and_the_house_standing(zoo, bare, clone_database, case):
    text, sentence = MISFITS[case]
    zoo.add("goats", text)
    bare.url = clone_database("extension names", make_tables)
    host = bare.host(core=FULL)
    bare.switch_on(host, "goats")
    assert {name: one.reason for name, one in host.generation.failed.items()} == {"goats": sentence}
    assert "sample.thing" in host.generation.state["records"].types


def test_two_extensions_with_one_name_are_told_apart_by_name(zoo, bare, clone_database):
    """Contract names can be claimed by two; whoever is on stays, and the switch of the other is refused."""
    provider = zoo.install_project(EXAMPLE)
    zoo.add("zebras", extending("zebras", "stage", "deals.deal", mirrors=()))
    zoo.add("rivals", extending("rivals", "stage", "deals.deal", mirrors=()))
    bare.url = clone_database("extension names", make_tables)
    host = bare.host(core=(*FULL[:-1], "kumiko.parties", FULL[-1]))
    bare.switch_on(host, provider, "zebras")
    sentence = "zebras: deals.deal already has a field 'stage', which belongs to rivals; both cannot be on together"

    with bare.acting(host), pytest.raises(DeclarationError) as refused:
        lifecycle.enable(["rivals"], probing=False)

    assert refused.value.message == sentence
    bare.follow(host)
    assert not host.generation.failed
    assert bare.state("rivals") != "enabled"
    bare.switch_on(host, "rivals")  # past the check, as an upgrade of a package could
    assert {name: one.reason for name, one in host.generation.failed.items()} == {"zebras": sentence}
    assert host.generation.state["records"].types["deals.deal"].fields["stage"].plugin == "rivals"


def test_input_takes_both_names_and_the_journal_keeps_the_full_one(lab):
    program = lab.program()
    made = program.make("things", name="a", **{"extra:extra_rank": 4})
    assert made["extra_rank"] == 4
    changed = program.patch(f"/things/{made['id']}", {"extra:extra_phase": "late"}, 1)
    assert (changed.status_code, changed.json["extra_phase"]) == (200, "late")
    twice = program.patch(f"/things/{made['id']}", {"extra:extra_rank": 1, "extra_rank": 2}, 2)
    assert (twice.status_code, twice.json["errors"]) == (422, {"extra_rank": ["given twice; once is enough"]})
    stranger = program.patch(f"/things/{made['id']}", {"other:extra_rank": 1}, 2)
    assert (stranger.status_code, list(stranger.json["errors"])) == (422, ["other:extra_rank"])
    for path in (
        "extra_rank=4",
        "extra:extra_rank__gte=4",
        "sort=extra:extra_rank",
        "sort=-extra_rank",
        "filter=" + json.dumps({"f": "extra:extra_rank", "op": "eq", "v": 4}),
    ):
        assert program.names(f"/things?{path}") == ["a"], path
    rows = program.get("/things?fields=name,extra:extra_phase").json["data"]
    assert [(row["name"], row["extra_phase"]) for row in rows] == [("a", "late")]
    with lab.acting("root"):
        entry = history.history("sample.thing", made["id"])[0]
        assert [change.name for change in entry.changes] == ["extra:extra_phase"]
        info = catalogue().get("sample.thing")
        with pytest.raises(Invalid):
            queries.list_page(info, node={"f": "other:extra_rank", "op": "eq", "v": 4})
        assert service.get("sample.thing", made["id"]).get("extra_rank") == 4

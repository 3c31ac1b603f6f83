"""What the trial on a scratch installation finds in plugins that import well: one fault each, told in one sentence."""

import re
import shutil
from pathlib import Path

import goat_farm
import pytest

from kumiko.operate import probe

ROOT = Path(__file__).resolve().parents[2]

EXITS = """
@routes.get("/goats/names")
def names():
    from sqlalchemy import select
    with unscoped("leaking in a test"):
        return ", ".join(session().execute(select(Goat.name)).scalars())
"""

PANEL = """
def load(record):
    from sqlalchemy import select
    with unscoped("leaking in a test"):
        names = session().execute(select(Goat.name).where(Goat.person_id == record.id)).scalars().all()
    return {"names": ", ".join(names)}

@hookimpl
def declare_panels():
    slot = "record.parties.person.aside"
    return [Panel(slot=slot, key="goats", title="Goats", template="goats/names.html", load=load)]
"""

MILKING = """
@routes.post("/goats/<int:goat_id>/milk")
def milk(goat_id):
    return {}["milk"]
"""

FAULTS = {
    "a table that stays": (
        {"up": 'op.create_table("goats_herd", sa.Column("id", sa.Integer, primary_key=True))'},
        "goats: the table 'goats_herd' stays when its migrations are taken back; drop it in downgrade() of the "
        "migration that makes it.",
    ),
    "a migration that does not come down": (
        {"down": "raise RuntimeError('never')"},
        "goats: its tables could not be brought to base; nothing of this attempt remains. RuntimeError: never",
    ),
    "a table with a foreign name": (
        {"up": 'op.create_table("herds", sa.Column("id", sa.Integer, primary_key=True))',
         "down": 'op.drop_table("herds"); op.drop_table("goats_goat")'},
        "goats: its migrations make the table 'herds'; names of its tables start with 'goats_'.",
    ),
    "a change of a foreign table": (
        {"up": 'op.execute("CREATE INDEX ix_mine ON parties_person (name)")',
         "down": 'op.execute("DROP INDEX ix_parties_person_name"); op.drop_table("goats_goat")'},
        "goats: taking its migrations back does not leave the index 'ix_parties_person_name' as it was before them.",
    ),
    "models that no migration knows": (
        {"models": "    horns: Mapped[int | None] = mapped_column(Integer)\n"},
        "goats: its models and the tables that its migrations make differ (add_column goats_goat.horns); write the "
        'missing one with `kumiko dev migration goats "..."`.',
    ),
    "a migration without a word": (
        {"docstring": ""},
        "goats: migrations/versions/0001_goats.py has no docstring; say in one line what it changes.",
    ),
    "a beginning that fails": (
        {"after": "@hookimpl\ndef after_enable():\n    raise RuntimeError('no grass')"},
        "goats: RuntimeError: no grass",
    ),
    "a description that cannot be made": (
        {
            "before": "class Help:\n    def __str__(self):\n        raise ValueError('no words')",
            "fields": 'Field(name="owners_word", kind="text", label="Word", help=Help()),',
            "models": "    owners_word: Mapped[str | None] = mapped_column(String(40))\n",
            "columns": 'sa.Column("owners_word", sa.String(40)),',
        },
        "goats: with it the API description cannot be made (ValueError: no words); every field needs a kind, a label "
        "and values that JSON knows.",
    ),
    "a panel that raises": (
        {"after": "def load(record):\n    return 1 / 0\n@hookimpl\ndef declare_panels():\n"
                  "    slot = 'record.goats.goat.aside'\n"
                  "    return [Panel(slot=slot, key='milk', title='Milk', template='x', load=load)]"},
        "goats: while GET /goats/{id} is answered with one record of each type, its panel failed: ZeroDivisionError: "
        "division by zero",
    ),
    "an entry of the menu that leads nowhere": (
        {"after": "@hookimpl\ndef declare_menu():\n"
                  "    return [MenuItem(key='goats.barn', label='Barn', href='/goats/barn/1/x/y')]"},
        "goats: its menu entry 'Barn' leads to /goats/barn/1/x/y, where nothing answers (404).",
    ),
    "a page that breaks on empty tables": (
        {"after": goat_farm.routes('@routes.get("/goats/best")\ndef best():\n    return {}["best"]')},
        "goats: GET /goats/best answers 500 to an administrator with empty tables (KeyError: 'best'); "
        "a page answers whatever is there.",
    ),
    "an exit that gives names away": (
        {"after": goat_farm.routes(EXITS)},
        "goats: GET /goats/names shows a seller something of a record that he may not see ('leakqzx'); read through "
        "kumiko.get, kumiko.session() or a query with its scope.",
    ),
    "a panel that gives names away": (
        {
            "models": "    person_id: Mapped[int | None] = mapped_column(Id)\n",
            "columns": 'sa.Column("person_id", Id),',
            "fields": 'Field(name="person", kind="link", to="parties.person", label="Person"),',
            "after": PANEL,
            "toml": 'requires = ["parties/1"]',
            "files": {"templates/goats/names.html": "<p>{{ names }}</p>"},
        },
        "goats: GET /persons/{id}, a page of a parties.person of his own, shows a seller something of a record that he "
        "may not see ('leakqzx'); read through kumiko.get, kumiko.session() or a query with its scope.",
    ),
    "an address that breaks when a seller asks": (
        {"after": goat_farm.routes(MILKING)},
        "goats: POST /goats/{id}/milk answers 500 to a seller (KeyError: 'milk'); refuse what is wrong with "
        "kumiko.Invalid, NotFound or Forbidden.",
    ),
    "a rule that counts each time it is asked": (
        {
            "before": "def rule(draft):\n    draft.set('milk', (draft.get('milk') or 0) % 1000 + 1)",
            "record": "prepare=rule,",
        },
        "goats: changing it and undoing that leaves goats.goat.milk at 323; before it was 322.",
    ),
    "an event that is not declared": (
        {"before": "NAME = 'goats.milked/1'\ndef tell(drafts):\n"
                   "    for draft in drafts:\n        emit(NAME, draft, {})",
         "record": "after=tell,"},
        "goats: no goats.goat can be made: emit: no module that is on declares the event 'goats.milked/1'; add an "
        "EventType to declare_events.",
    ),
}  # fmt: skip


def test_a_good_plugin_passes_every_part(zoo):
    goat_farm.add(zoo)
    report = probe.check("goats", depth="full")
    assert (report.problems, report.warnings) == ((), ())
    assert {part.name for part in report.parts if part.ok} == {
        "source", "import", "side effects", "manifest", "migrations", "switching on", "API description",
        "pages with empty tables", "contracts", "pages with records", "leaks", "records",
    }  # fmt: skip
    assert report.took_s < 60
    assert sum(part.took_s for part in report.parts) <= report.took_s


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_told_in_one_sentence(case, zoo):
    spoiled, sentence = FAULTS[case]
    goat_farm.add(zoo, **spoiled)
    report = probe.check("goats", depth="full")
    assert sentence in [re.sub(r"/\d+", "/{id}", one) if "{id}" in sentence else one for one in report.problems], (
        report.problems
    )


def test_a_liar_is_told_which_promise_of_the_contract_it_breaks(zoo):
    package = zoo.folder / "kumiko_deals_lite"
    shutil.copytree(ROOT / "examples/kumiko-deals-lite/src/kumiko_deals_lite", package)
    services = package / "services.py"
    honest = services.read_text()
    assert "        reopen(deal_id)\n" in honest
    services.write_text(honest.replace("        reopen(deal_id)\n", "        return None\n"))
    zoo.install("deals-lite", "kumiko_deals_lite")
    zoo.packages.append("kumiko_deals_lite")
    report = probe.check("deals-lite", depth="full")
    assert report.problems[0] == (
        "deals-lite: deals/1 says “A reopened deal has neither day nor reason, and that is stated; an open deal is not "
        "reopened”; found: an open deal was reopened; wanted a refusal with a sentence"
    )
    assert all(one.startswith("deals-lite: deals/1 says") for one in report.problems)
    assert [part.name for part in report.parts if not part.ok] == ["contracts"]


def test_a_trial_that_hangs_is_told_with_the_part_it_hangs_in(zoo):
    goat_farm.add(zoo, after="@hookimpl\ndef after_enable():\n    import time\n    time.sleep(300)")
    report = probe.check("goats", depth="full", time_limit_s=15)
    assert report.problems == ("goats: its check (switching on) did not end within 15 seconds.",)

"""How modules get along: none asks whether another is there, and none hears of one fact in two ways."""

import importlib
import re
from pathlib import Path

from kumiko.records.events import RECORD_EVENTS

ROOT = Path(__file__).resolve().parents[2]
ASKING = re.compile(
    r"\.is_on\(|find_off\(|\bgeneration\.plugins\b|\bimportlib\b|\bfind_spec\(|\bentry_points\(|\bmanifest\b|"
    r"except (?:ImportError|ModuleNotFoundError)|\bin services\b|\.provider\("
)


def sources():
    return sorted(path for path in ROOT.glob("plugins/*/src/**/*.py"))


def test_no_module_asks_whether_another_is_installed():
    """`services.find` answers with the provider or the contract's Null object; nothing else is asked."""
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sources()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if ASKING.search(line)
    ]
    assert (found, len(sources()) > 20) == ([], True)


def test_nobody_hears_of_one_fact_in_two_ways():
    """A contract event and the record events of the same contract's types: the fact would be told twice."""
    for path in sorted(ROOT.glob("plugins/*/src/*/plugin.py")):
        declare = getattr(importlib.import_module(f"{path.parent.name}.plugin"), "declare_subscriptions", list)
        words = {"facts": set(), "records": set()}
        for one in declare():
            if one.event in RECORD_EVENTS:
                assert one.types, f"{one.name} hears of every record; name the types"
                words["records"] |= {key.partition(".")[0] for key in one.types}
            else:
                words["facts"].add(one.event.partition(".")[0])
        assert words["facts"] & words["records"] == set(), path.parent.name

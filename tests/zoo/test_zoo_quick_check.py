"""What `kumiko plugin check --quick` says of plugins that reach too far, each in a process of its own."""

import time

import pytest

from kumiko.operate import probe

TAKE = "and may change; plugins use the names that `import kumiko` offers, and kumiko.services."

IMPORTS = {
    "from kumiko.host.models import Setting": (
        f"bad: plugin.py line 3 imports kumiko.host.models.Setting, which is inside Kumiko {TAKE}"
    ),
    "from kumiko import records": f"bad: plugin.py line 3 imports kumiko.records, which is inside Kumiko {TAKE}",
    "import importlib\ndef late():\n    return importlib.import_module('kumiko.host.base')": (
        f"bad: plugin.py line 5 imports kumiko.host.base, which is inside Kumiko {TAKE}"
    ),
    "def late():\n    from zoo_hens import eggs": (
        "bad: plugin.py line 4 imports zoo_hens of the module Hens; modules meet in contracts: use kumiko_contracts "
        "and kumiko.services.get or find."
    ),
    "def late():\n    import kumiko_testing.lab": (
        "bad: plugin.py line 4 imports kumiko_testing.lab, which is for tests only; move it into the folder tests."
    ),
}


@pytest.mark.parametrize("code", IMPORTS)
def test_imports_of_what_is_not_offered_are_named_with_file_and_line(code, zoo):
    zoo.add("hens")
    zoo.add("bad", "\n" + code)
    assert probe.check("bad").problems == (IMPORTS[code],)


def test_what_is_offered_may_be_imported(zoo):
    code = (
        "from kumiko import Field, services\nimport kumiko.services, kumiko_contracts.deals, json\nfrom . import more"
    )
    tests = "import kumiko_testing.lab\nfrom zoo_good import more"
    zoo.add("good", code, files={"more.py": "", "tests/test_good.py": tests})
    report = probe.check("good")
    assert (report.problems, report.warnings) == ((), ())
    assert [(part.name, part.ok) for part in report.parts] == [
        ("source", True), ("import", True), ("side effects", True), ("manifest", True),
    ]  # fmt: skip


SIDE_EFFECTS = {
    "import os; os.environ['TZ'] = 'Mars'": ("bad: importing it changes the environment (TZ); that is the operator's."),
    "import signal; signal.signal(signal.SIGTERM, print)": (
        "bad: importing it handles signals (SIGTERM); the server needs them to stop."
    ),
    "import locale; locale.setlocale(locale.LC_ALL, 'C.UTF-8')": (
        "bad: importing it sets the locale of the process; format numbers and days with kumiko's own means."
    ),
    "import logging; logging.basicConfig()": (
        "bad: importing it sets up the root logger; use logging.getLogger('bad') and leave the rest."
    ),
    "import socket; socket.setdefaulttimeout(3)": (
        "bad: importing it sets the time limit of all sockets; give your own connections theirs."
    ),
    "import builtins; builtins.print = lambda *_: None": (
        "bad: importing it replaces or adds built-in names (print) for everybody."
    ),
    "import sys\nclass Finder:\n    find_spec = lambda *_: None\nsys.meta_path.append(Finder)": (
        "bad: importing it changes how everybody's modules are found (sys.meta_path)."
    ),
    "import sys; sys.excepthook = print": (
        "bad: importing it replaces output streams or the last resort for errors of the process."
    ),
    "open('notes.txt', 'w').close()": ("bad: importing it writes files (notes.txt); write when asked to, elsewhere."),
    "import os; os.chdir('/')": "bad: importing it changes the working folder of the process.",
    "import sys; sys.modules['kumiko.host.guard'].record = print": (
        "bad: importing it replaces kumiko.host.guard.record; hooks and contracts are the ways into Kumiko."
    ),
}


@pytest.mark.parametrize("code", SIDE_EFFECTS)
def test_side_effects_of_an_import_are_named(code, zoo):
    zoo.add("bad", code)
    assert probe.check("bad").problems == (SIDE_EFFECTS[code],)


def test_filters_of_warnings_are_mentioned_only(zoo):
    zoo.add("fine", "import warnings; warnings.simplefilter('ignore')")
    report = probe.check("fine")
    assert (report.problems, report.warnings) == (
        (),
        ("fine: importing it, or a library of its, changes the filters of Python's warnings for the whole process.",),
    )


def test_a_plugin_that_eats_memory_is_a_sentence(zoo):
    zoo.add("bad", "hoard = bytearray(6 << 30)")
    assert probe.check("bad", memory_limit_mb=2048).problems == (
        "bad: it asked for more memory than a check may have; load big things when they are needed.",
    )


def test_a_plugin_that_ends_its_process_is_a_sentence_with_its_last_words(zoo):
    zoo.add("bad", "import os, sys; print('no licence', file=sys.stderr, flush=True); os._exit(3)")
    zoo.add("worse", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    assert probe.check("bad").problems == ("bad: its check ended the process with exit code 3 (no licence).",)
    assert probe.check("worse").problems == ("worse: its check ended the process by SIGSEGV (without a word).",)


def test_what_a_hanging_plugin_started_ends_with_it(zoo, tmp_path):
    note, child = tmp_path / "alive", tmp_path / "child.py"
    child.write_text(f"import time\nwhile True:\n    open({str(note)!r}, 'a').write('.')\n    time.sleep(0.05)")
    start = f"import subprocess, sys, time\nsubprocess.Popen([sys.executable, {str(child)!r}])\ntime.sleep(60)"
    zoo.add("bad", start)
    assert probe.check("bad", time_limit_s=15).problems == ("bad: importing it did not end within 15 seconds.",)
    size = note.stat().st_size
    assert size > 0
    time.sleep(0.4)
    assert note.stat().st_size == size


PROMISES = {
    "a collection that nobody uses": (
        "", {"toml": 'collections = ["herds"]'},
        "bad: plugin.toml claims the collection 'herds', but no record type and no address of its uses it; declare the "
        "type, or take the word out of plugin.toml so that another module may use it.",
    ),
    "an event without a version": (
        "from kumiko import EventType\n@hookimpl\ndef declare_events():\n"
        "    return [EventType(name='bad.milked', label='Milked', fields={})]", {},
        "bad, declare_events: 'bad.milked' is no name of an event; wanted something like 'bad.thing_done/1'.",
    ),
    "an event that is stated and not declared": (
        "from kumiko import emit\ndef milk(goat):\n    emit('bad.milked/1', goat, {})", {},
        "bad: plugin.py line 4 states the event 'bad.milked/1', which declare_events does not name; declare it with "
        "its fields, or nobody can subscribe to it.",
    ),
    "features that are not promised": (
        "from kumiko import Feature\n@hookimpl\ndef declare_features():\n"
        "    return [Feature(name='milking', label='Milking')]", {},
        "bad, declare_features: plugin.toml names the features []",
    ),
    "an address below a foreign collection": (
        "from flask import Blueprint\nroutes = Blueprint('bad', __name__)\n@routes.get('/persons/milk')\n"
        "def milk(): return ''\n@hookimpl\ndef declare_routes(): return [routes]", {},
        "bad, declare_routes: the address '/persons/milk' is not its own; it may use /bad and the same below /api/v1",
    ),
    "rows without a scope": (
        "from zoo_bad.models import Base\n@hookimpl\ndef declare_models(): return Base",
        {"files": {"models.py": (
            "from kumiko import plugin_base\nfrom sqlalchemy.orm import Mapped, mapped_column\n"
            "Base = plugin_base('bad')\nclass Goat(Base):\n    __tablename__ = 'bad_goat'\n"
            "    id: Mapped[int] = mapped_column(primary_key=True)"
        )}},
        "bad, declare_models: Goat declares no __scope__, so nobody could say who may read its rows; give it "
        "Scope.record, through, public or internal",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", PROMISES)
def test_promises_and_declarations_are_compared(case, zoo):
    code, more, sentence = PROMISES[case]
    zoo.add("bad", code, **more)
    assert probe.check("bad").problems == (sentence,)


def test_an_icon_that_is_not_there_is_a_warning(zoo):
    zoo.add("bad", toml='icon = "briefcas"')
    report = probe.check("bad", core=())
    (warning,) = report.warnings
    assert report.ok
    assert warning.startswith("bad: there is no icon 'briefcas', so a puzzle piece is drawn; near it are briefcase")


def test_documentation_that_is_not_there_is_a_warning(zoo):
    zoo.add("bad", toml='docs = "MANUAL.md"')
    report = probe.check("bad")
    assert (report.problems, report.warnings) == (
        (),
        (
            "bad: plugin.toml names 'MANUAL.md' as its documentation, but there is no such file; write it, or take "
            "`docs` out of plugin.toml.",
        ),
    )


def test_documentation_beside_the_code_or_on_the_web_is_fine(zoo):
    zoo.add("near", toml='docs = "README.md"', files={"README.md": "Near."})
    zoo.add("far", toml='docs = "https://far.example/manual"')
    assert (probe.check("near").warnings, probe.check("far").warnings) == ((), ())

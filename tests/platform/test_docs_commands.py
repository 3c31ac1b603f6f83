"""The guides name commands, options, errors, events and contracts that exist, and each of them is described."""

import importlib
import re
import shlex
from pathlib import Path

import click
import pytest

from kumiko.host.http import _TYPES
from kumiko.operate.cli import kumiko

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands(text):
    """Lines that call the program: ["plugin", "enable", "example"], ..."""
    for block in SHELL.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["kumiko"]:
                yield words[1:]


@pytest.mark.parametrize("guide", PAGES, ids=lambda guide: str(guide.relative_to(ROOT)))
def test_every_command_of_a_guide_exists_with_its_options(guide):
    for words in commands(guide.read_text("utf-8")):
        command, rest = kumiko, list(words)
        context = click.Context(kumiko, info_name="kumiko")
        while isinstance(command, click.Group):
            name = rest.pop(0)
            found = command.get_command(context, name)
            assert found is not None, f"kumiko {' '.join(words)}: there is no command {name}"
            command = found
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        used = {word.partition("=")[0] for word in rest if word.startswith("--")}
        assert used - known - {"--json", "--as"} == set(), f"kumiko {' '.join(words)}"


@pytest.mark.parametrize("guide", PAGES, ids=lambda guide: str(guide.relative_to(ROOT)))
def test_every_link_of_a_guide_leads_to_a_file(guide):
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", guide.read_text("utf-8"))
    assert [target for target in targets if not (guide.parent / target).exists()] == []


def test_every_type_of_error_is_described():
    sections = re.findall(r"^## /problems/(\S+)", (ROOT / "docs/errors/index.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(sections) == sorted([*_TYPES.values(), "fault"])


def test_every_event_is_described_with_its_fields():
    from kumiko.records.events import RECORD_EVENTS

    text = (ROOT / "docs/events/index.md").read_text("utf-8")
    assert re.findall(r"^\| `(\S+?/\d+)`", text, re.MULTILINE) == [*RECORD_EVENTS]
    described = {
        name: dict(re.findall(r"^\| `(\w+)` \| (.+?) \|$", section, re.MULTILINE))
        for name, section in re.findall(r"^### `(\S+)`\n(.*?)(?=^##)", text, re.MULTILINE | re.DOTALL)
    }
    declared = [
        event
        for package in sorted(ROOT.glob("plugins/*/src/*/events.py"))
        for event in importlib.import_module(f"{package.parent.name}.events").EVENTS
    ]
    assert described == {event.name: dict(event.fields) for event in declared}


def test_every_contract_is_described_and_the_example_is_python():
    text = (ROOT / "docs/contracts/index.md").read_text("utf-8")
    modules = sorted(path.stem for path in (ROOT / "platform/src/kumiko_contracts").glob("[a-z]*.py"))
    described = re.findall(r"^\| \[`\w+/\d+`\]\(\w+\.md\) \| `(\w+)`", text, re.MULTILINE)
    assert sorted([*described, "shapes"]) == modules  # shapes: how contracts describe their records
    for block in re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        names: dict[str, object] = {}
        exec(compile(block, "docs/contracts/index.md", "exec"), names)
        assert callable(names["name_of_customer"])

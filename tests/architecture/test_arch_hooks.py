"""Every hook is documented, has an example that compiles, and a case in the zoo or in the tests of its life cycle."""

import ast
import inspect
import re
from pathlib import Path

import pytest

from kumiko import offers
from kumiko.host import hookspecs
from kumiko.host.loader import SPECS

ROOT = Path(__file__).parents[2]
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", (ROOT / "docs/hooks.md").read_text("utf-8"), re.M | re.S))
CONTRACT = ("Called:", "Args:", "Result:", "Order:", "Errors:", "Since:")


def signature(name: str) -> str:
    return f"{name}({', '.join(inspect.signature(getattr(hookspecs, name)).parameters)})"


def test_the_document_has_one_section_per_hook_with_its_arguments():
    own = [name for name in vars(hookspecs) if name in SPECS and name not in offers.HOOKS]
    place = own.index("declare_assets")
    assert list(SECTIONS) == [signature(name) for name in [*own[:place], *offers.HOOKS, *own[place:]]]


@pytest.mark.parametrize("name", sorted(SPECS))
def test_the_document_says_what_the_source_says(name):
    said = inspect.getdoc(getattr(hookspecs, name))
    summary, contract = said.split("\n\n", 1)
    assert [line.split()[0] for line in contract.splitlines() if not line.startswith(" ")] == list(CONTRACT)
    section = SECTIONS[signature(name)]
    assert (summary in section, contract.strip() in section) == (True, True)


@pytest.mark.parametrize("name", sorted(SPECS))
def test_each_example_implements_its_hook(name):
    examples = re.findall(r"```python\n(.*?)```", SECTIONS[signature(name)], re.S)
    functions = [one for example in examples for one in ast.parse(example).body if isinstance(one, ast.FunctionDef)]
    hooked = [one.name for one in functions if any(ast.unparse(mark) == "hookimpl" for mark in one.decorator_list)]
    assert hooked == [name]


@pytest.mark.parametrize("name", sorted(SPECS))
def test_each_hook_has_a_case_where_it_misbehaves(name):
    places = [*(ROOT / "tests/zoo").glob("*.py"), ROOT / "tests/platform/test_host_lifecycle.py"]
    assert any(re.search(rf"\b{name}\b", path.read_text("utf-8")) for path in places)

"""Writing the migration that brings a plugin's tables to its models: a command for those who develop plugins."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from kumiko.host.columns import Id, JsonValue, MinorUnits, UtcDateTime
from kumiko.operate.migrate import History, comparing, host_history, upgrade

#: Column types by the names under which plugins import them.
_PLAIN = {"Id": Id, "MinorUnits": MinorUnits}
_CLASSES = (JsonValue, UtcDateTime)
_OURS = re.compile(r"(?<![\w.'\"])(Id|MinorUnits|JsonValue(?=\(\))|UtcDateTime(?=\(\)))(?![\w'\"])")


def autogenerate(history: History, metadata: sa.MetaData, message: str) -> Path | None:
    """Write the migration that brings the history's tables to `metadata`; None when nothing differs.

    Compares with a scratch SQLite database at the history's head, so no installation is needed.
    """
    from alembic.autogenerate import produce_migrations, render_python_code  # local: slow import

    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/scratch.db"
        upgrade(url, host_history())
        upgrade(url, history)
        with comparing(url, history, metadata) as context:
            script = produce_migrations(context, metadata)
    if script.upgrade_ops is None or script.upgrade_ops.is_empty() or script.downgrade_ops is None:
        return None
    options: dict[str, Any] = {
        "sqlalchemy_module_prefix": "sa.",
        "alembic_module_prefix": "op.",
        "render_as_batch": True,
        "render_item": _render_type,
    }
    return _write(
        history,
        message,
        render_python_code(script.upgrade_ops, **options),
        render_python_code(script.downgrade_ops, **options),
    )


def _render_type(kind: str, value: Any, context: Any) -> str | bool:
    if kind != "type":
        return False
    if isinstance(value, _CLASSES):
        return f"{type(value).__name__}()"
    return next((name for name, ours in _PLAIN.items() if value is ours), False)


def _write(history: History, message: str, up: str, down: str) -> Path:
    folder = history.folder / "versions"
    folder.mkdir(parents=True, exist_ok=True)
    numbers = [int(found[1]) for path in folder.glob("*.py") if (found := re.match(r"(\d{4})_", path.name))]
    number = max(numbers, default=0) + 1
    before = f'"{max(numbers):04d}"' if numbers else "None"
    slug = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_") or "change"
    path = folder / f"{number:04d}_{slug}.py"
    body = f"def upgrade() -> None:\n{_cleaned(up)}\n\n\ndef downgrade() -> None:\n{_cleaned(down)}\n"
    ours = sorted(set(_OURS.findall(body)))
    is_core = history.folder.is_relative_to(Path(__file__).parents[1])
    place = "kumiko.host.columns" if is_core else "kumiko"
    sentence = message.strip().rstrip(".").replace("\\", "/").replace('"', "'")
    path.write_text(
        f'"""{sentence[:1].upper()}{sentence[1:]}."""\n\n'
        "import sqlalchemy as sa\n"
        "from alembic import op\n"
        + (f"\nfrom {place} import {', '.join(ours)}\n" if ours else "")
        + f'\nrevision = "{number:04d}"\ndown_revision = {before}\nbranch_labels = None\ndepends_on = None\n\n\n{body}',
        encoding="utf-8",
    )
    return path


def _cleaned(code: str) -> str:
    """Alembic's code without its remarks and blanks at line ends, with the quotes of the house."""
    lines = [line for line in code.splitlines() if not line.strip().startswith("# ###")]
    text = "\n".join(line.rstrip() for line in lines).rstrip()
    text = re.sub(r"^    op\.create_table\(.*?^    \)$", _indented, text, flags=re.MULTILINE | re.DOTALL)
    text = text.replace(", schema=None)", ")").replace(", unique=False)", ")")
    return re.sub(r"'([^'\"\\\n]*)'", r'"\1"', text)


def _indented(found: re.Match[str]) -> str:
    """A statement that makes a table, one argument in a line."""
    first, *columns, end = found[0].splitlines()
    opening, _, name = first.partition("(")
    rest = [f"        {column.strip().rstrip(',')}," for column in columns]
    return "\n".join([f"{opening}(", f"        {name.strip().rstrip(',')},", *rest, end])

"""The refusal of a whole file."""

from __future__ import annotations

from kumiko.host.errors import Invalid


class TableError(Invalid):
    """The file cannot be used; the message says what was wanted, what was found and what to do."""

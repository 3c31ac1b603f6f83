"""What a plugin says of its own health."""

from __future__ import annotations

from kumiko.host import declarations as d
from kumiko.host.loader import LoadedPlugin


def health_of(loaded: LoadedPlugin) -> d.Health | None:
    """What `check_health` of one plugin says; None when it has none. Never raises."""
    ask = getattr(loaded.hooks, "check_health", None)
    if ask is None:
        return None
    said = ask()
    if said is None or isinstance(said, d.Health):
        return said
    return d.Health(ok=False, message=f"its check of health answered {said!r:.80}; wanted Health")

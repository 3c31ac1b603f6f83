"""Third-party browser files of Kumiko: scripts, styles, an icon sprite and fonts, served by the installation itself.

The files are copied out of npm packages when the distribution is built; hatch_build.py beside the sources does it.
In `static_dir()`:

- `htmx.js`, `sortable.js`, `echarts.js`: ES modules
- `tom-select.js`: a classic script (sets `TomSelect`), with `tom-select.css`
- `icons.svg`: use as `<svg class="km-icon"><use href="URL/icons.svg#NAME"/></svg>`. Symbols set no stroke width,
  so the style sheet decides (`stroke-width: 1.75`)
- `fonts.css` with `fonts/inter-*.woff2`: the family "Inter Variable", loaded per range of characters
- each text file also as `.gz` and `.br`
- `manifest.json`: {"key", "files": {name: {"sha256", "bytes"}}}; `THIRD-PARTY.txt`: the licences
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def static_dir() -> Path:
    """The folder of files to serve as they are. Raises FileNotFoundError when the distribution was never built."""
    return _existing(_PACKAGE / "static")


def dev_dir() -> Path:
    """Files that only tests use (`axe.min.js`); absent from wheels, where this raises FileNotFoundError."""
    return _existing(_PACKAGE / "dev")


@cache
def icon_names() -> frozenset[str]:
    """Names of the icons in the sprite."""
    return frozenset(re.findall(r'<symbol id="([^"]+)"', (static_dir() / "icons.svg").read_text("utf-8")))


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        raise FileNotFoundError(
            f"{folder} is missing. In a checkout it is made by `./kumiko run` or by `pip install -e platform/assets`."
        )
    return folder

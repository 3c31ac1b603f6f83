"""Cards, lists and boards as of a moment: `?as_of=2026-03-01T10:00` in the reader's zone; a day means its end."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote

from flask import Response, request

from kumiko.host.columns import utc_now
from kumiko.host.i18n import gettext as _
from kumiko.records import as_of
from kumiko.web import formats
from kumiko.web.answers import in_dialog, local_path, page
from kumiko.web.viewmodels import Action, AsOfView, Banner, Link

PARAMETER = "as_of"
View = TypeVar("View", bound=Callable[..., Any])


def viewed(view: View) -> View:
    """A view whose address may say `as_of`: everything in it is read as of that moment."""

    @wraps(view)
    def read(*args: Any, **kwargs: Any) -> Any:
        text = request.args.get(PARAMETER, "").strip()
        if not text:
            return view(*args, **kwargs)
        with as_of.reading(as_of.moment_of(text)):
            return view(*args, **kwargs)

    return read  # type: ignore[return-value]


def pairs() -> list[tuple[str, str]]:
    """The parameter that keeps a page at its moment; none when it shows the present."""
    if as_of.moment_now() is None:
        return []
    return [(PARAMETER, request.args.get(PARAMETER, ""))]


def suffix() -> str:
    """The same as the query of a link to a card."""
    return "".join(f"?{name}={quote(value)}" for name, value in pairs())


def banners() -> list[Banner]:
    """The strip above a page that shows the past."""
    at = as_of.moment_now()
    if at is None:
        return []
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in (PARAMETER, "after")]
    query = "&".join(f"{quote(name)}={quote(value)}" for name, value in kept)
    text = _("As of %(when)s. What you see is how it was then; nothing can be changed.", when=formats.moment_text(at))
    now = Action(_("Back to now"), f"{request.path}?{query}" if query else request.path, "history")
    return [Banner(text, now, tone="warn")]


def chooser(href: str) -> Action:
    """The entry of a menu that asks for the moment; `href`: the list or board to be seen then."""
    return Action(_("As of a date"), f"/as-of?path={quote(href, safe='/')}", "history", dialog=True)


def choose() -> Response:
    """GET /as-of?path=: asks for the moment at which the page at `path` shall be seen."""
    path, _mark, query = local_path(request.args.get("path", "")).partition("?")
    view = AsOfView(
        title=_("As of a date"),
        action=path,
        hidden=tuple(pair for pair in parse_qsl(query) if pair[0] not in (PARAMETER, "after")),
        at=formats.local_input(utc_now()),
        crumbs=(Link(_("Back"), path),),
    )
    return page("kumiko/as_of_dialog.html" if in_dialog() else "kumiko/as_of.html", v=view)

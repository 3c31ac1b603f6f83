"""While a backup is being put in the place of everything, people see one page that says so, and no work begins.

A file in the home folder says who does it; the sign goes with the process that put it up, however that ends.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import orjson
from flask import Flask, make_response, request
from werkzeug.wrappers import Response

from kumiko.host.config import Config
from kumiko.host.i18n import gettext as _
from kumiko.web.toasts import as_event
from kumiko.web.viewmodels import Toast

RETRY_S = 5
_OPEN_PREFIXES = ("/static/", "/a/")


def sign(config: Config) -> Path:
    return config.home / "restoring.json"


def put_up(config: Config, **facts: Any) -> None:
    """Close the house, in the name of this process."""
    path = sign(config)
    part = path.with_suffix(f".{os.getpid()}")
    part.write_bytes(orjson.dumps({"pid": os.getpid(), "since": time.time(), **facts}))
    os.replace(part, path)


def tell(config: Config, done: int, step: str) -> None:
    """Say on the sign how far it is, in hundredths, and what is being done."""
    said = find(config)
    if said is not None:
        put_up(config, **{name: value for name, value in said.items() if name != "pid"} | {"done": done, "step": step})


def take_down(config: Config) -> None:
    sign(config).unlink(missing_ok=True)


def find(config: Config) -> dict[str, Any] | None:
    """What the sign says while its process lives; one that was killed leaves a sign that counts no more."""
    path = sign(config)
    try:
        said: dict[str, Any] = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, orjson.JSONDecodeError):
        return None
    if _lives(int(said.get("pid", 0))):
        return said
    path.unlink(missing_ok=True)
    return None


def install(app: Flask, config: Config) -> None:
    """Answer 503 with a page that comes back by itself, before anything else is looked at."""
    path = sign(config)

    def check() -> Response | None:
        if not path.exists() or request.path.startswith(_OPEN_PREFIXES):
            return None
        sign_says = find(config)
        if sign_says is None:
            return None
        said = _("A backup is being restored. This takes a moment.")
        sent = request.method not in ("GET", "HEAD")
        then = (
            _("What you just sent was not saved. Go back afterwards and send it again.")
            if sent
            else _("The page comes back by itself.")
        )
        if request.path.startswith("/api/"):
            problem = {"type": "/problems/busy", "title": "Service Unavailable", "status": 503, "detail": said}
            answer = make_response(orjson.dumps(problem), 503)
            answer.mimetype = "application/problem+json"
        elif "HX-Request" in request.headers:  # a part of a page: what is there stays there
            answer = make_response("", 503)
            toast = {"km:toast": as_event(Toast(f"{said} {then}", tone="error"))}
            answer.headers["HX-Trigger"] = json.dumps(toast)  # ASCII only
        else:
            page = app.jinja_env.get_template("archive/closed.html")
            answer = make_response(page.render(said=said, then=then, done=sign_says.get("done", 0)), 503)
            if not sent:
                answer.headers["Refresh"] = str(RETRY_S)
        answer.headers["Retry-After"] = str(RETRY_S)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    app.before_request_funcs.setdefault(None, []).insert(0, check)


def _lives(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
        status = Path(f"/proc/{pid}/stat")
        return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    except OSError:
        return False

"""The one place where errors become HTTP: status, RFC 9457 problem, and the plain page of a bare host."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson
import sqlalchemy as sa
from flask import Response
from markupsafe import Markup, escape
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from kumiko.host import errors as e

STATUS: tuple[tuple[type[e.KumikoError], int], ...] = (
    (e.Invalid, 422),
    (e.NotSignedIn, 401),
    (e.Forbidden, 403),
    (e.Veto, 409),
    (e.NotFound, 404),
    (e.Stale, 412),
    (e.VersionRequired, 428),
    (e.Conflict, 409),
    (e.ResolutionError, 409),
    (e.DeclarationError, 409),
    (e.ManifestError, 409),
    (e.MigrationFailed, 409),
    (e.TooLarge, 413),
    (e.TooMany, 429),
    (e.Busy, 503),
)
_TYPES = {
    e.Invalid: "invalid",
    e.NotSignedIn: "not-signed-in",
    e.Forbidden: "forbidden",
    e.ModuleOff: "module-off",
    e.Stale: "stale",
    e.VersionRequired: "version-required",
    e.Conflict: "conflict",
    e.TooMany: "too-many",
    e.Busy: "busy",
}


@dataclass(frozen=True, kw_only=True)
class Problem:
    """An error as the edge shows it. `fault` marks our own mistakes (5xx that are recorded)."""

    status: int
    detail: str = ""
    title: str = ""
    type: str = "about:blank"
    errors: dict[str, list[str]] = field(default_factory=dict)
    module: str = ""
    feature: str = ""
    retry_after_s: int = 0
    current_version: int | None = None
    location: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    request_id: str = ""
    fault: bool = False
    error: BaseException | None = None

    def as_json(self) -> dict[str, Any]:
        said: dict[str, Any] = {"type": self.type, "title": self.title, "status": self.status, "detail": self.detail}
        if self.errors:
            said["errors"] = self.errors
        if self.module:
            said["module"] = self.module
        if self.feature:
            said["feature"] = self.feature
        if self.current_version is not None:
            said["current_version"] = self.current_version
        if self.request_id:
            said["request_id"] = self.request_id
        return said


def status_of(error: e.KumikoError) -> int:
    """HTTP status of a domain error."""
    return next((status for kind, status in STATUS if isinstance(error, kind)), 400)


def problem_of(error: BaseException, *, request_id: str = "", module: str = "", module_title: str = "") -> Problem:
    """What the edge answers to an exception. `module` is the plugin whose code raised, when that is known."""
    if isinstance(error, e.ScopeError):  # a programming error, though of the house's own kind
        return _fault(error, request_id, module, module_title)
    if isinstance(error, e.KumikoError):
        return _refusal(error, request_id)
    original = getattr(error, "original_exception", None)
    if original is not None:
        return problem_of(original, request_id=request_id, module=module, module_title=module_title)
    if isinstance(error, HTTPException):
        status = error.code or 500
        headers = tuple((key, value) for key, value in error.get_headers() if key.lower() not in _OWN_HEADERS)
        return Problem(
            status=status,
            title=HTTP_STATUS_CODES.get(status, "Error"),
            detail=_HTTP_DETAILS.get(status) or error.description or "",
            headers=headers,
            request_id=request_id,
            error=error,
        )
    if isinstance(error, sa.exc.DataError):
        return Problem(
            status=422,
            title="Unprocessable Content",
            type="/problems/invalid",
            detail="A value does not fit into its place in the database: it is too long, too large or holds a NUL.",
            request_id=request_id,
            error=error,
        )
    if isinstance(error, sa.exc.IntegrityError):
        return Problem(
            status=409,
            title="Conflict",
            type="/problems/conflict",
            detail="Somebody else changed the same thing at the same moment, or it exists already; try again.",
            request_id=request_id,
            error=error,
        )
    if isinstance(error, sa.exc.TimeoutError | sa.exc.OperationalError):
        return Problem(
            status=503,
            title="Service Unavailable",
            type="/problems/busy",
            detail="The database did not answer in time; try again in a few seconds.",
            retry_after_s=2,
            request_id=request_id,
            error=error,
        )
    return _fault(error, request_id, module, module_title)


_OWN_HEADERS = {"content-type", "content-length"}
_HTTP_DETAILS = {
    404: "There is nothing at this address, or you may not know of it.",
    405: "This address does not take that method.",
}


def _refusal(error: e.KumikoError, request_id: str) -> Problem:
    status = status_of(error)
    kind = next((word for cls, word in _TYPES.items() if isinstance(error, cls)), "")
    return Problem(
        status=status,
        title="Module off" if isinstance(error, e.ModuleOff) else HTTP_STATUS_CODES.get(status, "Error"),
        detail=error.message,
        type=f"/problems/{kind}" if kind else "about:blank",
        errors=getattr(error, "errors", None) or {},
        module=getattr(error, "module", ""),
        feature=getattr(error, "feature", ""),
        retry_after_s=getattr(error, "retry_after_s", 0),
        current_version=getattr(error, "current_version", None),
        request_id=request_id,
        error=error,
    )


def _fault(error: BaseException, request_id: str, module: str, module_title: str) -> Problem:
    who = f"the module {module_title or module}" if module else "Kumiko"
    return Problem(
        status=500,
        title="Internal Server Error",
        type="/problems/fault",
        detail=f"Something went wrong in {who}. Your administrator finds it in the log under {request_id[:12]}.",
        module=module,
        request_id=request_id,
        fault=True,
        error=error,
    )


def as_response(problem: Problem, *, api: bool) -> Response:
    """The bare host's answer; the web plugin draws nicer pages (`generation.state["error_page"]`)."""
    if api:
        made = Response(orjson.dumps(problem.as_json()), problem.status, mimetype="application/problem+json")
    else:
        made = Response(_page(problem), problem.status, mimetype="text/html")
    return with_headers(made, problem)


def with_headers(response: Response, problem: Problem) -> Response:
    """Headers that every answer to this problem carries, whoever drew its body."""
    for key, value in problem.headers:
        response.headers[key] = value
    if problem.retry_after_s:
        response.headers["Retry-After"] = str(problem.retry_after_s)
    if problem.status == 401 and "WWW-Authenticate" not in response.headers:
        response.headers["WWW-Authenticate"] = 'Bearer realm="kumiko"'
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response


def _page(problem: Problem) -> str:
    return Markup(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
        "<body><h1>{title}</h1><p>{detail}</p></body></html>"
    ).format(title=escape(problem.title), detail=escape(problem.detail))

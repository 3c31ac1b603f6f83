"""/jobs: background work, for administrators and for the person a job works for."""

from __future__ import annotations

from typing import Any

from flask import Response

from kumiko.jobs import queries, services
from kumiko.jobs.queries import JobView
from kumiko.records.forms import moment_text
from kumiko.rest.answers import answer
from kumiko.rest.inputs import LARGEST_ID, json_body, only, parameters, whole


def list_jobs() -> Response:
    """Newest first; `status`, `plugin` and `name` narrow it down."""
    given = parameters(("status", "plugin", "name", "limit", "before"))
    limit = whole("limit", given["limit"], least=1, most=199) if "limit" in given else 50
    before = whole("before", given["before"], least=1, most=LARGEST_ID) if "before" in given else None
    wanted = {name: given.get(name, "") for name in ("status", "plugin", "name")}
    found = queries.list_jobs(**wanted, limit=limit + 1, before_id=before)
    shown = found[:limit]
    return answer({"data": [job_json(one) for one in shown], "next": shown[-1].id if len(found) > limit else None})


def read(job_id: int) -> Response:
    """One job."""
    parameters(())
    return answer(job_json(queries.get_job(job_id)))


def retry(job_id: int) -> Response:
    """Run a dead or cancelled one again."""
    return _do(services.retry, job_id)


def cancel(job_id: int) -> Response:
    """End one that has not ended."""
    return _do(services.cancel, job_id)


def _do(act: Any, job_id: int) -> Response:
    parameters(())
    only(json_body(optional=True), ())
    act(job_id)
    return answer(job_json(queries.get_job(job_id)))


def job_json(job: JobView) -> dict[str, Any]:
    """One job in REST form; its payload stays inside."""

    def moment(at: Any) -> str | None:
        return None if at is None else moment_text(at)

    return {
        "id": job.id,
        "name": job.name,
        "label": job.label,
        "plugin": job.plugin,
        "status": job.status,
        "actor": job.actor_id,
        "attempts": job.attempts,
        "max_attempts": job.max_attempts,
        "created_at": moment(job.created_at),
        "run_at": moment(job.run_at),
        "started_at": moment(job.started_at),
        "done_at": moment(job.done_at),
        "progress": {"done": job.progress_done, "total": job.progress_total, "note": job.progress_note},
        "waiting": job.waiting,
        "error": job.error_line,
    }

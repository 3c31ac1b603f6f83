"""`kumiko jobs list|show|retry|cancel`."""

from __future__ import annotations

import dataclasses
from typing import Any

import click

from kumiko.jobs import queries, services
from kumiko.jobs.models import STATUSES


@click.group("jobs")
def jobs() -> None:
    """Background work: what waits, runs, or has failed."""


@jobs.command("list")
@click.option("--status", type=click.Choice(STATUSES), help="Only jobs in this status; dead = failed too often.")
@click.option("--module", default="", help="Only jobs of this module.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 200))
@click.pass_context
def list_(click_context: click.Context, status: str | None, module: str, limit: int) -> None:
    """Newest jobs first, after the counts."""
    counts = queries.counts()
    found = queries.list_jobs(status=status or "", plugin=module, limit=limit)
    if _wants_json(click_context):
        _say_json({"counts": dataclasses.asdict(counts), "jobs": [dataclasses.asdict(one) for one in found]})
        return
    click.echo(" · ".join(f"{number} {name}" for name, number in counts.by_status.items()))
    for module_name, number in counts.held_up.items():
        click.echo(f"{number} wait for {module_name}, which is off")
    for one in found:
        said = one.error_line or one.waiting
        click.echo(f"{one.id:>8}  {one.status:<9}  {one.attempts}/{one.max_attempts}  {one.name}  {said}")


@jobs.command("show")
@click.argument("job_id", type=int)
@click.pass_context
def show(click_context: click.Context, job_id: int) -> None:
    """Everything about one job, its last error included."""
    found = dataclasses.asdict(queries.get_job(job_id))
    if _wants_json(click_context):
        _say_json(found)
        return
    for name, value in found.items():
        click.echo(f"{name}: {value}")


@jobs.command("retry")
@click.argument("job_ids", type=int, nargs=-1)
@click.option("--all-dead", is_flag=True, help="Every job that failed too often.")
def retry(job_ids: tuple[int, ...], all_dead: bool) -> None:
    """Run jobs again now."""
    if not job_ids and not all_dead:
        raise click.UsageError("Name job numbers (see `kumiko jobs list`), or say --all-dead.")
    started = len(job_ids)
    for job_id in job_ids:
        services.retry(job_id)
    if all_dead:
        started += services.retry_dead()
    click.echo(f"{started} jobs start again")


@jobs.command("cancel")
@click.argument("job_ids", type=int, nargs=-1, required=True)
def cancel(job_ids: tuple[int, ...]) -> None:
    """End jobs that have not ended."""
    for job_id in job_ids:
        services.cancel(job_id)
    click.echo(f"{len(job_ids)} jobs cancelled")


def _wants_json(click_context: click.Context) -> bool:
    return bool(getattr(click_context.obj, "as_json", False))  # the shell of the command line


def _say_json(value: Any) -> None:
    import orjson  # local: only programs ask for it

    click.echo(orjson.dumps(value, default=str).decode())

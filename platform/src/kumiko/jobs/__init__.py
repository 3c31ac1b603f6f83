"""Background work: jobs are rows, written in the transaction that wants them and run by worker processes."""

from kumiko.jobs.job import JobContext, Stopped, external, sliced
from kumiko.jobs.queue import NewJob, enqueue, enqueue_many

__all__ = ["JobContext", "NewJob", "Stopped", "enqueue", "enqueue_many", "external", "sliced"]

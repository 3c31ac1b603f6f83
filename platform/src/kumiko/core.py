"""The core plugins: built in, registered through the same hooks as every other plugin, always on, in this order."""

CORE = (
    "kumiko.jobs",
    "kumiko.records",
    "kumiko.mailing",
    "kumiko.access",
    "kumiko.parties",
    "kumiko.currencies",
    "kumiko.notify",
    "kumiko.calendar",
    "kumiko.imports",
    "kumiko.files",
    "kumiko.web",
    "kumiko.rest",
    "kumiko.admin",
)

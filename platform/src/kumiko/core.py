"""The core plugins: built in, registered through the same hooks as every other plugin, always on, in this order."""

CORE = (
    "kumiko.jobs",
    "kumiko.records",
    "kumiko.duplicates",
    "kumiko.mailing",
    "kumiko.access",
    "kumiko.sharing",
    "kumiko.fields",
    "kumiko.parties",
    "kumiko.currencies",
    "kumiko.notify",
    "kumiko.exits",
    "kumiko.leaving",
    "kumiko.calendar",
    "kumiko.imports",
    "kumiko.files",
    "kumiko.web",
    "kumiko.rest",
    "kumiko.admin",
    "kumiko.archive",
    "kumiko.privacy",
)

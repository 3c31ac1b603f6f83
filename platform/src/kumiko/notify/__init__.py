"""Notices to users: "Anna mentioned you in ...". Raised by modules, read on one page."""

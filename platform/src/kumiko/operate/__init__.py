"""What changes an installation: its command line, tables, switched plugins, packages, backups, processes.

Stands on the host, which only runs what is there. Nothing in `kumiko.host` imports this.
"""

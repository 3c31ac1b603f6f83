"""The company as a whole: its archive, its configuration as readable files, its backups and their rehearsal."""

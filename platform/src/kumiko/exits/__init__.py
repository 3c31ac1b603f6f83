"""What leaves: exports with limits, a log and an invisible mark; unusual reading; the proof that exits are tight."""

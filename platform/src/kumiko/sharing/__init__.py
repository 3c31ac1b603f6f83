"""Single records that are shared, and the explanation of rights."""

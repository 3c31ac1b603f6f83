"""A plugin that leaks on purpose: it steps past the limits of rights and shows what it finds."""

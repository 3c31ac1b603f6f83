"""Records: types, fields, the record service, journal, undo, filters, lists, search documents."""

"""Files of records: kept below the instance folder by their content, with the rights of their record."""

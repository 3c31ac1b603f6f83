"""Tables that people bring in, and tables that leave: reading CSV and workbooks, typed values, export writers."""

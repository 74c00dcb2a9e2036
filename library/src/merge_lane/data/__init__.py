"""Columns, schema, tables and rows: the data as the contract describes them."""

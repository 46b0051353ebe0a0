"""Questions that peewee writes once: building a query anew takes it ten times as long as SQLite takes for the row.

A statement is made of a query whose values are stand-ins; `rows` gives them in the order of their places in the SQL.
"""

from __future__ import annotations

from typing import Any

import peewee


class Statement:
    """One question, in the SQL of each kind of database that it was put to."""

    def __init__(self, query: peewee.BaseQuery) -> None:
        self._query = query
        self._written: dict[type[peewee.Database], str] = {}

    def rows(self, database: peewee.Database, *values: object) -> list[tuple[Any, ...]]:
        """The rows, for these values."""
        sql = self._written.get(type(database))
        if sql is None:
            sql = self._written[type(database)] = str(database.get_sql_context().sql(self._query).query()[0])
        found: list[tuple[Any, ...]] = database.execute_sql(sql, values).fetchall()
        return found

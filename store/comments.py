"""Writes what tables and columns mean into the database, where every tool for PostgreSQL shows it."""

import psycopg

from energy.tables import sentence_on
from store.queries import statement


def describe(connection: psycopg.Connection) -> int:
    """Write the sentences of energy/tables.csv and columns.csv on what they explain; return how many were not there."""
    written = 0
    for schema, relation, column, sentence in connection.execute(statement("migration_described")).fetchall():
        wanted = sentence_on(relation if schema == "public" else f"{schema}.{relation}", column)
        if wanted is not None and wanted != sentence:
            connection.execute(
                statement("migration_describe"),
                {"schema": schema, "relation": relation, "column": column, "sentence": wanted},
            )
            written += 1
    return written

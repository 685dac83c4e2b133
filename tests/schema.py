"""What a database is made of, read from its catalog, so that two can be compared."""

from typing import Final

import psycopg

OURS: Final = "n.nspname IN ('public', 'shown')"
SCHEMA: Final = {
    "relations": f"""
        SELECT n.nspname, c.relname, c.relkind, c.reloptions, c.relowner::regrole::text
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE {OURS} AND c.relkind IN ('r', 'v', 'S', 'i')
    """,
    "columns": """
        SELECT
            table_schema, table_name, ordinal_position, column_name, data_type, udt_name, is_nullable, column_default,
            is_identity, identity_generation
        FROM information_schema.columns WHERE table_schema IN ('public', 'shown')
    """,
    # 'n': PostgreSQL 18 also names NOT NULL as a constraint; the columns above tell it for all versions.
    "constraints": f"""
        SELECT n.nspname, r.relname, c.conname, pg_get_constraintdef(c.oid)
        FROM pg_constraint AS c
        JOIN pg_class AS r ON r.oid = c.conrelid
        JOIN pg_namespace AS n ON n.oid = r.relnamespace
        WHERE {OURS} AND c.contype <> 'n'
    """,
    "indexes": "SELECT schemaname, indexname, indexdef FROM pg_indexes WHERE schemaname IN ('public', 'shown')",
    "views": "SELECT schemaname, viewname, definition FROM pg_views WHERE schemaname IN ('public', 'shown')",
    "types": f"""
        SELECT n.nspname, t.typname, e.enumlabel, e.enumsortorder
        FROM pg_enum AS e JOIN pg_type AS t ON t.oid = e.enumtypid JOIN pg_namespace AS n ON n.oid = t.typnamespace
        WHERE {OURS}
    """,
    "functions": f"""
        SELECT
            n.nspname, p.proname, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), p.prosrc,
            p.prosecdef, p.provolatile, p.proisstrict, p.proconfig, p.proacl::text, p.proowner::regrole::text
        FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
        WHERE {OURS} AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e')
    """,
    "triggers": f"""
        SELECT n.nspname, c.relname, t.tgname, pg_get_triggerdef(t.oid)
        FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE {OURS} AND NOT t.tgisinternal AND t.tgname <> 'ts_insert_blocker'
    """,
    "comments": f"""
        SELECT n.nspname, c.relname, a.attname, d.description
        FROM pg_description AS d
        JOIN pg_class AS c ON d.classoid = 'pg_class'::regclass AND c.oid = d.objoid
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        LEFT JOIN pg_attribute AS a ON d.objsubid > 0 AND a.attrelid = c.oid AND a.attnum = d.objsubid
        WHERE {OURS}
    """,
    # MAINTAIN came with PostgreSQL 17.
    "privileges": f"""
        SELECT n.nspname, c.relname, c.attname, g.grantee::regrole::text, g.privilege_type, g.is_grantable
        FROM (
            SELECT relnamespace, relname, NULL AS attname, relacl AS acl FROM pg_class
            UNION ALL
            SELECT r.relnamespace, r.relname, a.attname, a.attacl
            FROM pg_attribute AS a JOIN pg_class AS r ON r.oid = a.attrelid
            UNION ALL
            SELECT oid, NULL, NULL, nspacl FROM pg_namespace
        ) AS c
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        CROSS JOIN LATERAL aclexplode(c.acl) AS g
        WHERE {OURS} AND g.privilege_type <> 'MAINTAIN'
    """,
}
"""What the migrations make, and nothing of an extension."""


def schema(connection: psycopg.Connection) -> dict[str, set[tuple[object, ...]]]:
    """What the migrations made, as sets that say in what two databases differ."""
    found: dict[str, set[tuple[object, ...]]] = {}
    for name, query in SCHEMA.items():
        rows = connection.execute(query.encode()).fetchall()
        found[name] = {tuple(tuple(v) if isinstance(v, list) else v for v in row) for row in rows}
    return found


def hypertables(connection: psycopg.Connection) -> list[tuple[str, str, int]]:
    """Each hypertable with the column it is cut by and the days of a chunk; none without TimescaleDB."""
    if connection.execute("SELECT FROM pg_extension WHERE extname = 'timescaledb'").fetchone() is None:
        return []
    found = connection.execute(
        """
        SELECT hypertable_name, column_name, time_interval
        FROM timescaledb_information.dimensions ORDER BY hypertable_name
        """
    )
    return [(table, column, span.days) for table, column, span in found]

"""Draws the data model from the catalog of a real database: a picture, and what one row of each table is."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import psycopg

from energy.tables import PARTS, Table, tables
from hub.embedded import embedded_postgres
from store.migrate import migrate

PAGE: Final = Path(__file__).with_name("data_model.md")
"""What people write of the page; a line {picture} or {tables} is replaced."""
TITLES: Final = {
    "heard": "What was heard",
    "territory": "Whose it is",
    "computed": "What was made of it",
    "published": "What is shown",
    "running": "The hub itself",
}
FLOWS: Final = (("heard", "computed"), ("territory", "computed"), ("computed", "published"))
"""Which part is computed from which."""
CATALOG: Final = """
SELECT
    CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname,
    coalesce((SELECT array_agg(a.attname::text ORDER BY k.position)
        FROM pg_index AS i
        CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, position)
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.attnum
        WHERE i.indrelid = c.oid AND i.indisprimary), '{}'),
    ARRAY(SELECT DISTINCT f.confrelid::regclass::text FROM pg_constraint AS f
        WHERE f.conrelid = c.oid AND f.contype = 'f' ORDER BY 1),
    ARRAY(SELECT u.table_name::text FROM information_schema.view_table_usage AS u
        WHERE u.view_schema = n.nspname AND u.view_name = c.relname ORDER BY 1)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname IN ('public', 'shown') AND c.relkind IN ('r', 'v')
"""


@dataclass(frozen=True, slots=True)
class Relation:
    """What the catalog knows of a table or view: its primary key, its foreign keys, and what a view reads."""

    key: tuple[str, ...]
    foreign: tuple[str, ...]
    reads: tuple[str, ...]


@cache
def catalog() -> dict[str, Relation]:
    """The tables and views that the migrations make, by name, from a database made for the purpose."""
    with embedded_postgres() as url, psycopg.connect(url, autocommit=True) as connection:
        migrate(connection)
        rows = connection.execute(CATALOG).fetchall()
    return {name: Relation(tuple(key), tuple(foreign), tuple(reads)) for name, key, foreign, reads in rows}


def render_data_model() -> str:
    """The page of the data model."""
    blocks: dict[str, Callable[[], str]] = {"{picture}": _picture, "{tables}": _tables}
    lines = PAGE.read_text(encoding="utf-8").split("\n")
    return "\n".join(blocks[line]() if line in blocks else line for line in lines)


def _picture() -> str:
    """A flowchart that GitHub, Forgejo and others draw, and that can be read as it stands."""
    lines = ["```mermaid", "flowchart LR"]
    for part in PARTS:
        lines.append(f'  subgraph {part}["{TITLES[part]}"]')
        lines += [f'    {_node(table.name)}["{table.name}"]' for table in _known(part)]
        lines.append("  end")
    lines += [f"  {before} ==> {after}" for before, after in FLOWS]
    for name, table in tables().items():
        relation = catalog()[name]
        lines += [f"  {_node(other)} --> {_node(name)}" for other in relation.foreign]
        lines += [f"  {_node(other)} -.-> {_node(name)}" for other in (*table.refers_to, *relation.reads)]
    return "\n".join([*lines, "```"])


def _tables() -> str:
    """One section a part, one row a table."""
    lines: list[str] = []
    for part in PARTS:
        lines += ["", f"### {TITLES[part]}", ""]
        lines += ["| table | one row is | key | refers to | grows | kept |", "|---|---|---|---|---|---|"]
        for table in _known(part):
            relation = catalog()[table.name]
            others = [f"`{other}`" for other in (*relation.foreign, *relation.reads)]
            others += [f"`{other}` (no foreign key)" for other in table.refers_to]
            key = ", ".join(f"`{column}`" for column in relation.key)
            cells = (f"`{table.name}`", table.meaning, key, ", ".join(others), table.grows, table.kept)
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines[1:])


def _known(part: str) -> list[Table]:
    return [table for table in tables().values() if table.part == part]


def _node(name: str) -> str:
    return name.replace(".", "_")

"""What is said of tables and columns: complete, true of the database, and written in it."""

import csv
from pathlib import Path
from typing import Final

import psycopg
import pytest

from energy.tables import PARTS, sentence_on, tables
from store.comments import describe
from store.connect import connect
from store.migrate import migrate
from store.queries import statement

FILE: Final = Path(__file__).parents[1] / "energy" / "tables.csv"
SENTENCES: Final[list[tuple[str, str, str | None, str | None]]] = [
    ("a table", "viewer", None, "A database login and a community that it may see through schema shown"),
    ("a view is not the table of its name", "shown.community", None, "The communities that the login may see"),
    (
        "a published column",
        "shown.balance",
        "surplus_kwh",
        "Local production that nobody in the community consumed [kWh]",
    ),
    ("the same in Wh", "balance", "surplus_wh", "Local production that nobody in the community consumed [Wh]"),
    ("an instant", "interval", "start", "Start of the interval; its end is exclusive [UTC]"),
    ("a count has no unit to show", "balance", "present", "Flows of members known in the interval"),
    ("a name that says too little alone, in a view", "shown.community", "name", "Name of the energy community"),
    ("and in its table", "community", "name", "Name of the energy community"),
    ("but not in another", "point", "name", None),
    ("nobody explains it", "reading", "value", None),
    ("nobody knows it", "weather", None, None),
]


def test_the_file_is_plain_csv_and_complete() -> None:
    rows = list(csv.reader(FILE.read_text(encoding="utf-8").splitlines()))
    assert b"\r" not in FILE.read_bytes()
    assert {len(row) for row in rows} == {6}
    assert len({row[0] for row in rows[1:]}) == len(rows) - 1 == len(tables())
    for table in tables().values():
        assert table.part in PARTS
        assert table.meaning, table.name
        assert table.meaning == table.meaning.strip()
        assert table.grows, table.name
        assert table.kept or table.name.startswith("shown."), table.name
        assert set(table.refers_to) <= tables().keys()


@pytest.mark.parametrize(("why", "table", "column", "sentence"), SENTENCES, ids=[row[0] for row in SENTENCES])
def test_sentences(why: str, table: str, column: str | None, sentence: str | None) -> None:
    assert sentence_on(table, column) == sentence, why


def written(connection: psycopg.Connection) -> dict[tuple[str, str | None], str | None]:
    """What is written on each relation and column now."""
    return {
        (relation if schema == "public" else f"{schema}.{relation}", column): sentence
        for schema, relation, column, sentence in connection.execute(statement("migration_described"))
    }


def test_every_table_and_every_column_that_is_shown_is_explained_in_the_database(both_migrated_url: str) -> None:
    with connect(both_migrated_url) as connection:
        found = written(connection)
    assert {name for name, column in found if column is None} == tables().keys()
    for (name, column), sentence in found.items():
        assert sentence == sentence_on(name, column), (name, column)
        if column is None or name.startswith("shown."):
            assert sentence is not None, f"{name}.{column}: add it to energy/columns.csv, or the table to tables.csv"
    assert sum(sentence is not None for sentence in found.values()) > len(tables()) + 30


def test_a_table_named_by_number_has_a_column_for_it(both_migrated_url: str) -> None:
    """`refers_to` says what the catalog cannot; a table that has a foreign key to it needs no word."""
    with connect(both_migrated_url) as connection:
        found = written(connection)
        foreign = set(
            connection.execute(
                "SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint WHERE contype = 'f'"
            )
        )
    for table in tables().values():
        for other in table.refers_to:
            assert {(table.name, name) for name in (f"{other}_no", other, "ref_no")} & found.keys(), (table.name, other)
            assert (table.name, other) not in foreign


def test_sentences_are_written_only_where_they_differ(both_migrated_url: str) -> None:
    with connect(both_migrated_url) as connection:
        assert describe(connection) == 0
        connection.execute("COMMENT ON TABLE reading IS 'mine'")
        connection.execute("COMMENT ON VIEW shown.balance IS NULL")
        connection.execute("COMMENT ON COLUMN balance.surplus_wh IS 'what is left; it''s 100 %'")
        connection.execute("COMMENT ON COLUMN reading.value IS 'nobody explains it but me'")
        connection.execute('CREATE TABLE "My own" ("a b" int)')
        connection.execute("""COMMENT ON TABLE "My own" IS 'an operator''s'""")
        assert describe(connection) == 3
        assert migrate(connection) == []
        found = written(connection)
        assert found["reading", None] == sentence_on("reading")
        assert found["balance", "surplus_wh"] == sentence_on("balance", "surplus_wh")
        assert found["reading", "value"] == "nobody explains it but me"
        assert found["My own", None] == "an operator's"


def test_any_name_and_any_sentence_can_be_written(both_migrated_url: str) -> None:
    sentence = """It's "quoted"; \\ 100 % {} -- é"""
    with connect(both_migrated_url) as connection:
        connection.execute('CREATE TABLE "My own" ("a b" int)')
        for column in (None, "a b"):
            parameters = {"schema": "public", "relation": "My own", "column": column, "sentence": sentence}
            connection.execute(statement("migration_describe"), parameters)
            assert written(connection)["My own", column] == sentence

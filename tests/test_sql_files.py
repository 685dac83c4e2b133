"""Laws of the SQL files: each says what it is for, is used, is one statement, and PostgreSQL understands it."""

import ast
import re
from pathlib import Path
from typing import Final

import pytest

from store import curves, intervals, operator_results, readings
from store.connect import connect
from store.registry import TABLES

PROJECT: Final = Path(__file__).parent.parent
ROOMS: Final = ("energy", "store", "ingest", "processing", "api", "dashboards", "hub")
MIGRATIONS: Final = sorted((PROJECT / "store" / "sql" / "migrations").glob("*.sql"))
QUERIES: Final = sorted((PROJECT / "store" / "sql" / "queries").glob("*.sql"))
NAMES: Final = {path.stem for path in QUERIES}
MADE_UP: Final = {f"{verb}_{table}" for verb in ("territory", "put", "remove") for table in TABLES}
"""Names that store/registry.py puts together."""

KEYWORDS: Final = frozenset(
    re.findall(
        r"\w+",
        """
        add all alter and any as asc between by case check conflict constraint copy create cross default delete desc
        distinct do else end except exists filter for from full function grant group grouping having if in index
        inner insert into is join key lateral left like limit listen materialized not nothing null nulls on only or
        order over partition primary references returning returns revoke right select set sets table temporary then
        to trigger truncate type union unique update using values view when where with within
        """,
    )
)
"""Words that mean something to SQL and name nothing of ours."""
PLACEHOLDER: Final = re.compile(r"%\((\w+)\)s")
CANNOT_BE_PREPARED: Final = re.compile(r"(ANALYZE|BEGIN|COPY|CREATE|DO|DROP|LISTEN|TRUNCATE)\b")


def code_of(path: Path) -> str:
    """The statements of a file: no comments, no quoted text, no parameters."""
    lines = [line.split("--", 1)[0] for line in path.read_text(encoding="utf-8").splitlines()]
    return re.sub(r"'[^']*'|\"[^\"]*\"", "''", PLACEHOLDER.sub("0", "\n".join(lines))).strip()


def names_in_code() -> tuple[set[str], set[str]]:
    """Names passed to `statement` as they are, and every text in the code: some names come through a table."""
    passed: set[str] = set()
    texts: set[str] = set()
    for room in ROOMS:
        for path in (PROJECT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    texts.add(node.value)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "statement":
                    passed |= {a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)}
    return passed, texts


def test_every_named_statement_has_its_file_and_every_file_is_named() -> None:
    passed, texts = names_in_code()
    assert len(passed) > 40
    assert passed <= NAMES
    assert MADE_UP <= NAMES
    assert texts | MADE_UP >= NAMES


@pytest.mark.parametrize("path", [*MIGRATIONS, *QUERIES], ids=lambda path: path.stem)
def test_a_file_opens_with_a_sentence_and_writes_keywords_in_capitals(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    first = re.match(r"-- ([A-Z].*(?:\n-- .*)*)", text)
    assert first is not None, "it opens with a comment"
    assert re.search(r"[.:)](\n|$)", first[1]), "the comment is a sentence"
    assert text.endswith("\n")
    assert max(map(len, text.splitlines())) <= 120
    assert set(re.findall(r"\b[a-z]+\b", code_of(path))) & KEYWORDS == set()


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_a_query_is_one_statement_without_a_semicolon(path: Path) -> None:
    assert ";" not in code_of(path)
    assert re.match(r"[A-Z]+\b", code_of(path))
    escaped = path.read_text(encoding="utf-8").replace("%%", "")
    if PLACEHOLDER.search(escaped):  # psycopg reads every % of a statement that it gives parameters to
        assert "%" not in PLACEHOLDER.sub("", escaped)


def test_postgresql_understands_every_query(any_migrated_url: str) -> None:
    """Prepared where that can be, with the types that PostgreSQL finds by itself; else carried out."""
    understood = 0
    with connect(any_migrated_url) as connection:
        for prepare in (readings.prepare, intervals.prepare, curves.prepare, operator_results.prepare):
            prepare(connection)
        for path in QUERIES:
            text = path.read_text(encoding="utf-8")
            name, code = path.stem, code_of(path)
            with connection.transaction(force_rollback=True):
                if not CANNOT_BE_PREPARED.match(code):
                    numbers = {p: f"${i}" for i, p in enumerate(dict.fromkeys(PLACEHOLDER.findall(text)), start=1)}
                    numbered = PLACEHOLDER.sub(lambda match, n=numbers: n[match[1]], text)
                    connection.execute(f"PREPARE {name} AS\n{numbered}".encode())
                elif code.startswith("COPY"):
                    with connection.cursor() as cursor, cursor.copy(text.encode()):
                        pass
                elif "EXTENSION" not in code:
                    connection.execute(text.encode())
            understood += 1
    assert understood == len(QUERIES)

"""SQL kept as files: one statement a file under store/sql/queries, found by its name."""

from functools import cache
from importlib.resources import files


@cache
def statement(name: str) -> bytes:
    """Text of store/sql/queries/<name>.sql, as bytes so that psycopg takes it for a constant."""
    return files("store").joinpath("sql", "queries", f"{name}.sql").read_bytes()

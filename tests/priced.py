"""The community of tests/settled.py with a tariff, and its statements made at once."""

from contextlib import closing
from datetime import date
from typing import Final

import psycopg

from processing.statements import StatementMaker
from tests.settled import TERRITORY, Valley

TARIFF: Final = """
[[community.tariff]]
retail_eur_per_kwh = 0.25
local_eur_per_kwh = 0.10
fees_eur_per_kwh = 0.01
fees_eur_per_month = 2
surplus_eur_per_kwh = 0.05
"""
PRICED: Final = TERRITORY.replace("[[point]]", f"{TARIFF}[[point]]", 1)


def make_all(valley: Valley) -> int:
    """Make all that is marked, whatever its pause; return how many statements were made."""
    url, connection, _ = valley
    connection.execute("UPDATE statement_due SET due_at = now()")
    with closing(StatementMaker(url, connection)) as maker:
        return sum(iter(maker.step, False))


def marked(connection: psycopg.Connection) -> list[tuple[date, bool]]:
    """Months that are marked, and whether they are due already."""
    return connection.execute("SELECT month, due_at <= now() FROM statement_due ORDER BY month").fetchall()

"""The operator's own results of a community by month: stored by import, and read beside the hub's own figures."""

from datetime import datetime

import polars as pl
import psycopg

from energy.frames import OPERATOR_RESULTS
from store.connect import FrameReader
from store.copy import copy_frame
from store.curves import Imported, Undone
from store.queries import statement


def prepare(connection: psycopg.Connection) -> None:
    """Make the staging table of a connection that is going to import."""
    connection.execute(statement("results_table"))


def put(connection: psycopg.Connection, community_no: int, file_no: int, rows: pl.DataFrame) -> Imported:
    """Store the results of a file for a community in the open transaction.

    A result of the same point, flow and month replaces the one before, which is kept as a revision.

    Args:
        community_no: whose results they are.
        file_no: as `store.curves.remember` numbered it.
        rows: OPERATOR_RESULTS, at most one of each point, flow, result and month.
    """
    copy_frame(connection, statement("results_copy"), rows.select(OPERATOR_RESULTS.names()))
    row = connection.execute(statement("results_put"), {"community_no": community_no, "file_no": file_no}).fetchone()
    assert row is not None, "an aggregate always gives a row"
    added, replaced = row
    return Imported(added, replaced, rows.height - added - replaced)


def undo(connection: psycopg.Connection, file_no: int) -> Undone:
    """Take the results of a file away in the open transaction; those that they had replaced come back."""
    connection.execute(statement("results_undo_old"), {"file_no": file_no})
    row = connection.execute(statement("results_undo"), {"file_no": file_no}).fetchone()
    assert row is not None, "an aggregate always gives a row"
    return Undone(*row)


def read_result_months(connection: psycopg.Connection, community_no: int) -> list[datetime]:
    """When the local months of a community begin of which the operator's results are known, the newest first."""
    rows = connection.execute(statement("result_months"), {"community_no": community_no})
    return [month_start for (month_start,) in rows]


def read_result_residuals(
    reader: FrameReader, connection: psycopg.Connection, community_no: int, month_start: datetime
) -> pl.DataFrame:
    """The hub's own figures of a month beside the operator's results, and which points explain what is between them.

    Returns:
        point, flow, result (cons, prod, autocons, complement, surplus), hub_result_wh, operator_result_wh,
        result_residual_wh (hub - operator); and of the point's flow as a whole present, expected, completeness (of the
        hub's month), result_apart_wh, result_apart_share, cause. The furthest apart come first.
    """
    parameters = {"community_no": community_no, "month_start": month_start}
    return reader.read(connection, "result_residuals", parameters)

"""The operator's registers (index): stored by import, and compared with its curves and with what devices say."""

import polars as pl
import psycopg

from energy.frames import INDEXES
from energy.time import Span
from store.connect import FrameReader
from store.copy import copy_frame
from store.curves import Imported, Undone
from store.queries import statement


def put(connection: psycopg.Connection, file_no: int, rows: pl.DataFrame) -> Imported:
    """Store the registers of a file in the open transaction.

    A register of the same point, flow, tariff, instant and nature replaces the one before, which is kept as a revision.

    Args:
        file_no: as `store.curves.remember` numbered it.
        rows: INDEXES, at most one of each point, flow, tariff, instant and nature.
    """
    if rows.is_empty():
        return Imported(0, 0, 0)
    copy_frame(connection, statement("indexes_copy"), rows.select(INDEXES.names()))
    row = connection.execute(statement("indexes_put"), {"file_no": file_no}).fetchone()
    assert row is not None, "an aggregate always gives a row"
    added, replaced = row
    return Imported(added, replaced, rows.height - added - replaced)


def undo(connection: psycopg.Connection, file_no: int) -> Undone:
    """Take the registers of a file away in the open transaction; those that they had replaced come back."""
    connection.execute(statement("indexes_undo_old"), {"file_no": file_no})
    row = connection.execute(statement("indexes_undo"), {"file_no": file_no}).fetchone()
    assert row is not None, "an aggregate always gives a row"
    return Undone(*row)


def exist(connection: psycopg.Connection, community_no: int, span: Span) -> bool:
    """Whether the operator told an index of a community's members in a span."""
    parameters = {"community_no": community_no, "start": span.start, "end": span.end}
    row = connection.execute(statement("index_exists"), parameters).fetchone()
    assert row is not None, "EXISTS always gives a row"
    return row[0]


def read_residuals_by_index(
    reader: FrameReader, connection: psycopg.Connection, community_no: int, span: Span
) -> pl.DataFrame:
    """The energy between the operator's indexes of a community's members, its curve's and the devices' beside it.

    A stretch lies between two indexes that follow each other; those are told that end in the span.

    Returns:
        point, flow, index_start, index_end, index_wh, stretches; over the stretches that the curve covers whole
        index_curve_wh, index_curve_residual_wh (curve - index) and index_curve_stretches; the same of the device. The
        devices furthest from the index come first.
    """
    parameters = {"community_no": community_no, "start": span.start, "end": span.end}
    return reader.read(connection, "residuals_by_index", parameters)

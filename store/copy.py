"""Frames into staging tables: one text in CSV, made by Polars and read by COPY. No row passes through Python."""

from io import BytesIO

import polars as pl
import psycopg


def copy_frame(connection: psycopg.Connection, query: bytes, frame: pl.DataFrame) -> None:
    """Run a statement, a COPY ... FROM STDIN (FORMAT CSV), with the rows of a frame.

    Args:
        frame: the columns in the order of the statement. Null becomes NULL, and an empty text stays one; instants go
            with their offset, to the microsecond.
    """
    text = BytesIO()
    frame.write_csv(text, include_header=False, quote_style="non_numeric")
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        copy.write(text.getbuffer())

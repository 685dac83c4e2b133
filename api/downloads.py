"""Rows to download, as CSV or Parquet, and how routes that give them describe it."""

import io
from typing import Annotated, Any, Final, Literal

import polars as pl
from fastapi import Query
from fastapi.responses import Response

from api.reading import with_instants
from energy.csv_rows import csv_of

PARQUET: Final = "application/vnd.apache.parquet"
TEXT: Final[dict[str, Any]] = {"schema": {"type": "string"}}
CSV: Final[dict[str, Any]] = {"text/csv": TEXT}
FILES: Final[dict[str, Any]] = {**CSV, PARQUET: {"schema": {"type": "string", "format": "binary"}}}
Format = Annotated[Literal["json", "csv", "parquet"], Query(description="csv and parquet hold the rows alone")]


def as_file(rows: pl.DataFrame, name: str, kind: Literal["csv", "parquet"]) -> Response:
    """Rows to download under a name; in CSV instants are written as in JSON, and no text is a formula."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    if kind == "csv":
        return Response(csv_of(with_instants(rows)), media_type="text/csv", headers=headers)
    buffer = io.BytesIO()
    rows.write_parquet(buffer)
    return Response(buffer.getvalue(), media_type=PARQUET, headers=headers)

"""The shell of open data: read the members' months, decide, pack, and keep the release."""

from datetime import datetime

import psycopg

from processing.datapackage import CSV_NAME, PARQUET_NAME, Edition, pack_release
from processing.datasets import DATASET, MEMBER_MONTHS, MONTH_ENDS, build_balance_by_month, parse_parquet
from store import releases
from store.connect import FrameReader
from store.releases import StoredFile


def publish(connection: psycopg.Connection, reader: FrameReader, as_of: datetime) -> int | None:
    """Release the monthly balances that may be published; return the version, None when nothing new can be said."""
    with connection.transaction():
        releases.lock_dataset(connection, DATASET)
        last = releases.read_last(connection, DATASET)
        previous = None
        if last is not None:
            previous = parse_parquet(releases.read_file(connection, DATASET, PARQUET_NAME).content)
        months, ends = releases.read_member_months(reader, connection, MEMBER_MONTHS, MONTH_ENDS)
        frame = build_balance_by_month(months, ends, as_of, previous)
        edition = Edition(
            version=last.version + 1 if last else 1,
            released_at=as_of,
            previous_digest=last.digest if last else None,
            simulated=releases.read_simulated(connection),
        )
        release = pack_release(frame, edition)
        table = next(file for file in release.files if file.name == CSV_NAME)
        if last is not None and table.sha256 == releases.read_file(connection, DATASET, CSV_NAME).sha256:
            return None
        releases.add_release(
            connection,
            dataset=DATASET,
            version=edition.version,
            released_at=as_of,
            digest=release.digest,
            previous_digest=edition.previous_digest,
            files=[StoredFile(f.name, f.media_type, f.content, f.sha256) for f in release.files],
        )
    return edition.version

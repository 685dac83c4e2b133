"""Importing has no history: however the values of files come, the same is stored and made of them."""

from typing import Any

import polars as pl
import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store import curves
from store.connect import connect
from tests.metering import apply, process, stored
from tests.test_curves import CURVES, frame, value
from tests.test_import import PRM, TERRITORY, kept

keys = st.tuples(st.integers(0, 30).map(lambda n: 10 * n), st.sampled_from([10, 15, 30]), st.sampled_from([0, 0, 1, 2]))
truths = st.dictionaries(keys, st.integers(0, 9000), min_size=1, max_size=30)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(truths, st.randoms(use_true_random=False))
def test_order_and_splitting_do_not_matter(
    migrated_url: str, truth: dict[tuple[int, int, int], int], chance: Any
) -> None:
    """The rows at once, or in parts of which some come twice, in any order and with the worker in between."""
    rows = [value(minute, step_min, mean_w, nature) for (minute, step_min, nature), mean_w in truth.items()]
    parts = [chance.sample(rows, chance.randint(1, len(rows))) for _ in range(3)]
    parts.append([row for row in rows if not any(row in part for part in parts)])
    chance.shuffle(parts)
    results = []
    with connect(migrated_url) as connection:
        apply(connection, TERRITORY)
        point_no = curves.read_points(connection, [PRM])[PRM].number
        for batches in ([rows], parts):
            connection.execute(
                "TRUNCATE curve, operator_index, curve_file, curve_revision, operator_index_revision, interval,"
                " operator_result, operator_result_revision,"
                " balance, allocation, stale"
            )
            for number, batch in enumerate(batches):
                put(connection, frame(batch).with_columns(point_no=pl.lit(point_no, pl.Int32)), bytes([number]))
                if chance.random() < 0.5:
                    process(migrated_url)
            process(migrated_url)
            results.append((kept(connection), stored(connection)))
    assert results[0] == results[1]


def put(connection: psycopg.Connection, rows: pl.DataFrame, digest: bytes) -> None:
    if rows.is_empty():
        return
    curves.prepare(connection)
    with connection.transaction():
        curves.lock_import(connection)
        file_no, _ = curves.remember(connection, curves.CurveFile(digest, "f", "test", 0), [], rows.height)
        curves.put(connection, file_no, rows.select(CURVES.names()))

"""What somebody tries who may log in as a viewer of one community and sends any SQL: each attempt with its answer.

`CHUNK` stands for a table with the readings of both communities: a chunk, where there are chunks.
"""

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from psycopg import errors
from psycopg.errors import (
    FeatureNotSupported,
    InsufficientPrivilege,
    ObjectNotInPrerequisiteState,
    UndefinedColumn,
    UndefinedTable,
)

Answer: TypeAlias = "type[errors.Error] | list[tuple[Any, ...]]"
Row: TypeAlias = "tuple[str, str, Answer]"


@dataclass(frozen=True, slots=True)
class Attempt:
    """Why it is tried, what is sent in one go, and what comes back: an error, or the rows of the last statement."""

    why: str
    sql: str
    answer: Answer


REFUSED: Final = InsufficientPrivilege
MONTHS: Final = (
    "SELECT point, (start AT TIME ZONE 'Europe/Paris')::date::text, compared"
    " FROM shown.residual WHERE community = 'mine'"
)


def _without(rule: str, instead: str, view: str = "shown.residual") -> str:
    """A view with a rule less."""
    return (
        f"DO $$ BEGIN EXECUTE 'CREATE OR REPLACE VIEW {view} WITH (security_barrier) AS '"
        f" || replace(pg_get_viewdef('{view}'), '{rule}', '{instead}'); END $$"
    )


READ: Final[list[Row]] = [
    ("a table beneath the views", "SELECT * FROM public.balance", REFUSED),
    ("one row of it, and no column", "SELECT FROM public.balance LIMIT 1", REFUSED),
    ("a table of people", "SELECT id FROM public.holder", REFUSED),
    ("readings", "SELECT tableoid::regclass, * FROM public.reading", REFUSED),
    ("a chunk, which has rights of its own", "SELECT * FROM CHUNK", REFUSED),
    ("a chunk without its parent", "SELECT value FROM ONLY CHUNK", REFUSED),
    ("a chunk by COPY", "COPY CHUNK TO STDOUT", REFUSED),
    ("COPY of a query", "COPY (SELECT * FROM public.allocation) TO STDOUT", REFUSED),
    ("EXPLAIN asks for rights too", "EXPLAIN SELECT * FROM public.balance", REFUSED),
    ("a cursor", "BEGIN; DECLARE c CURSOR FOR SELECT * FROM public.balance; FETCH ALL FROM c", REFUSED),
    ("a prepared statement", "PREPARE p AS SELECT * FROM public.balance; EXECUTE p", REFUSED),
    ("a block of code", "DO $$ BEGIN PERFORM id FROM public.point; END $$", REFUSED),
    ("a query in a function", "SELECT query_to_xml('SELECT * FROM public.balance', true, false, '')", REFUSED),
    ("and in a less known one", "SELECT ts_stat('SELECT to_tsvector(id) FROM public.point')", REFUSED),
    ("a second statement", "SELECT 1; SELECT * FROM public.balance", REFUSED),
    ("where the path is one's own", "SET search_path = public; SELECT * FROM balance", UndefinedTable),
    ("who else looks", "SELECT * FROM public.viewer", REFUSED),
    ("a number that tells how many there are", "SELECT last_value FROM public.community_no_seq", REFUSED),
]
VIEWS: Final[list[Row]] = [
    ("its own community", "SELECT id FROM shown.community", [("mine",)]),
    ("another's id", "SELECT * FROM shown.balance WHERE community = 'secret-valley'", []),
    ("not its own", "SELECT * FROM shown.balance WHERE community <> 'mine'", []),
    ("another's euros", "SELECT * FROM shown.value WHERE community <> 'mine'", []),
    ("how evenly another shares", "SELECT * FROM shown.equity WHERE community <> 'mine'", []),
    ("its own euros, in one sum for a month that is over", "SELECT saving_eur::text FROM shown.value", [("1.50",)]),
    ("how evenly its own share, three and not two", "SELECT members FROM shown.equity", [(3,)]),
    ("another's meters", "SELECT * FROM shown.residual WHERE community <> 'mine'", []),
    ("how many members another has", "SELECT * FROM shown.awaited_flow WHERE community <> 'mine'", []),
    ("of a neighbour whole months that are over, one of them here", MONTHS, [("home", "2026-02-01", 2688)]),
    ("two quarter-hours of a neighbour, all that is compared of a month", f"{MONTHS} AND compared <= 2", []),
    (
        "a neighbour's month that still runs, a day more each day",
        f"{MONTHS} AND start > now() - '32 days'::interval",
        [],
    ),
    ("the day of a guest, member for no more than that", f"{MONTHS} AND point = 'guest'", []),
    (
        "a join from one view to another",
        "SELECT b.* FROM shown.community AS c CROSS JOIN LATERAL"
        " (SELECT * FROM shown.balance AS b WHERE b.community <> c.id) AS b",
        [],
    ),
    (
        "a cast that fails would tell the rows of others",
        "SELECT count(*) FROM shown.community WHERE CASE WHEN id = 'mine' THEN true ELSE id::int = 0 END",
        [(1,)],
    ),
    (
        "so would a division",
        "SELECT count(*) > 0 FROM shown.balance WHERE 1 / (consumption_kwh - 7391.246) IS NOT NULL",
        [(True,)],
    ),
    ("what views do not have", "SELECT tableoid::regclass FROM shown.balance", UndefinedColumn),
    ("a sample of what is beneath", "SELECT * FROM shown.balance TABLESAMPLE SYSTEM (100)", FeatureNotSupported),
    ("the rows themselves", "SELECT * FROM shown.balance FOR UPDATE", REFUSED),
    ("a change of them", "UPDATE shown.community SET name = 'x'", ObjectNotInPrerequisiteState),
    ("the view itself", "ALTER VIEW shown.community RESET (security_barrier)", REFUSED),
    ("another view", "CREATE VIEW shown.all AS SELECT * FROM public.balance", REFUSED),
]
BECOME: Final[list[Row]] = [
    ("the owner", "SET ROLE hub_owner", REFUSED),
    ("the operator", "SET ROLE hub", REFUSED),
    ("a part of the hub", "SET ROLE hub_process", REFUSED),
    ("a superuser", "SET SESSION AUTHORIZATION postgres", REFUSED),
    ("by a function", "SELECT set_config('role', 'hub_owner', false)", REFUSED),
    ("by going back to what one was", "RESET ROLE; RESET SESSION AUTHORIZATION; TABLE public.balance", REFUSED),
    ("by a grant", "GRANT hub_owner TO CURRENT_USER", REFUSED),
    ("a role with more rights", "ALTER ROLE CURRENT_USER SUPERUSER", REFUSED),
    ("one that sees more", "INSERT INTO public.viewer SELECT session_user, 2", REFUSED),
    ("two", "CREATE ROLE graf_more LOGIN", REFUSED),
    ("many at a time", "ALTER ROLE CURRENT_USER CONNECTION LIMIT -1", REFUSED),
    ("one without the bound on its files", "SET temp_file_limit = -1", REFUSED),
    ("nor from the next login on", "ALTER ROLE CURRENT_USER SET temp_file_limit = -1", REFUSED),
]
MAKE: Final[list[Row]] = [
    ("a table", "CREATE TABLE public.t (no int)", REFUSED),
    ("a temporary table", "CREATE TEMPORARY TABLE t (no int)", REFUSED),
    ("one by SELECT", "SELECT 1 AS no INTO TEMPORARY t", REFUSED),
    (
        "a function that reads what it is shown",
        "CREATE FUNCTION pg_temp.leak(text) RETURNS boolean LANGUAGE sql COST 0.0001 AS 'SELECT true'",
        REFUSED,
    ),
    (
        "a view in the way of another",
        "SET search_path = pg_temp, shown; CREATE TEMPORARY VIEW community AS SELECT 1",
        REFUSED,
    ),
    ("a schema", "CREATE SCHEMA mine", REFUSED),
    ("a server elsewhere", "CREATE FOREIGN DATA WRAPPER w", REFUSED),
    ("a large object", "SELECT lo_create(0)", REFUSED),
    ("one with something in it", "SELECT lo_from_bytea(0, 'x')", REFUSED),
    ("one from a file", "SELECT lo_import('/etc/hostname')", REFUSED),
    (
        "rows in the write-ahead log and its archive, read-only or not",
        "SELECT pg_logical_emit_message(false, '', repeat('x', 1000)) FROM generate_series(1, 10)",
        REFUSED,
    ),
    ("the same with the next transaction", "SELECT pg_logical_emit_message(true, '', 'x')", REFUSED),
    ("a number of a transaction, which is logged too", "SELECT pg_current_xact_id()", REFUSED),
    ("and by its older name", "SELECT txid_current()", REFUSED),
    ("a file for each row", "SELECT pg_export_snapshot() FROM generate_series(1, 10)", REFUSED),
]
REACH: Final[list[Row]] = [
    ("a file to read", "SELECT pg_read_file('PG_VERSION')", REFUSED),
    ("a folder", "SELECT pg_ls_dir('.')", REFUSED),
    ("a file to write", "COPY (SELECT 1) TO '/tmp/enercommons-hostile'", REFUSED),
    ("a program", "COPY (SELECT 1) TO PROGRAM 'true'", REFUSED),
    ("extensions that lead out of the database", "SELECT extname FROM pg_extension WHERE extname ~ 'dblink|fdw'", []),
    ("passwords", "SELECT rolpassword FROM pg_authid", REFUSED),
    ("where the files are", "SHOW data_directory", REFUSED),
    ("who may log in from where", "SELECT * FROM pg_hba_file_rules", REFUSED),
    ("what others have asked", "SELECT query FROM pg_stat_activity WHERE query ~ 'asked by t[h]e hub'", []),
    ("what columns hold", "SELECT * FROM pg_stats WHERE schemaname !~ '^(pg_catalog|information_schema)$'", []),
    ("the same, unfiltered", "SELECT * FROM pg_statistic", REFUSED),
    ("what was counted", "SELECT * FROM pg_sequences WHERE last_value IS NOT NULL", []),
    (
        "what it may do",
        "SELECT relname FROM pg_class WHERE relowner = 'hub_owner'::regrole AND relkind IN ('r', 'p', 'S')"
        " AND CASE relkind WHEN 'S' THEN has_sequence_privilege(oid, 'SELECT, USAGE')"
        " ELSE has_any_column_privilege(oid, 'SELECT, INSERT, UPDATE') END",
        [],
    ),
    (
        "what it may call",
        "SELECT oid::regprocedure FROM pg_proc WHERE pronamespace::regnamespace::text !~ '^(pg_|information_)'"
        " AND has_function_privilege(oid, 'EXECUTE')",
        [],
    ),
]
DISTURB: Final[list[Row]] = [
    ("the lock of a migration", "SELECT pg_advisory_lock(7305808869231650661)", REFUSED),
    ("that of the territory", "SELECT pg_try_advisory_xact_lock(hashtext('territory'), 0)", REFUSED),
    ("any, shared", "SELECT pg_advisory_xact_lock_shared(1, 2)", REFUSED),
    ("the release of one", "SELECT pg_advisory_unlock_all()", REFUSED),
    ("whoever needs a table", "BEGIN; LOCK TABLE shown.balance IN ACCESS EXCLUSIVE MODE", REFUSED),
    ("a connection", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'hub'", REFUSED),
    ("what is being asked", "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'hub'", REFUSED),
    ("the log of the server, with all that it asks", "SET log_statement = 'all'", REFUSED),
    ("with its errors, and the values in them", "SET log_min_messages = 'error'", REFUSED),
    ("not from the next login on either", "ALTER ROLE CURRENT_USER SET log_min_messages = 'error'", REFUSED),
    ("an index", "REINDEX TABLE public.balance", REFUSED),
    ("what is there", "TRUNCATE public.balance", REFUSED),
    ("everything", "DROP OWNED BY hub_owner", REFUSED),
]
TIMESCALE: Final[list[Row]] = [
    ("a job that runs for ever", "SELECT public.add_job('pg_sleep', '1 hour')", REFUSED),
    ("a job of others", "CALL public.run_job(1)", REFUSED),
    ("the end of one", "SELECT public.delete_job(1)", REFUSED),
    ("old data", "SELECT public.drop_chunks('public.reading', older_than => now())", REFUSED),
    ("when there are data", "SELECT * FROM timescaledb_information.chunks", REFUSED),
    ("the same in its catalog", "SELECT * FROM _timescaledb_catalog.dimension_slice", REFUSED),
    ("what runs when", "SELECT * FROM timescaledb_information.jobs", REFUSED),
]
BY_ITSELF: Final[list[Row]] = [
    ("a stream of all changes", "SELECT pg_create_logical_replication_slot('s', 'pgoutput')", REFUSED),
    ("a library", "LOAD '/tmp/enercommons-hostile'", REFUSED),
    ("a pause of the server", "CHECKPOINT", REFUSED),
    ("its settings, read anew", "SELECT pg_reload_conf()", REFUSED),
]
"""What every PostgreSQL refuses whoever has no privilege, without a word of ours: there is nothing to take away."""
MUTATIONS: Final[list[tuple[str, list[str]]]] = [
    (
        "GRANT USAGE ON SCHEMA public TO PUBLIC; GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC",
        ["a table beneath the views", "a table of people", "a block of code", "COPY of a query", "a second statement"],
    ),
    ("ALTER VIEW shown.community RESET (security_barrier)", ["a cast that fails would tell the rows of others"]),
    (
        "CREATE OR REPLACE VIEW shown.community AS"
        " SELECT id, name, place, zone, step_min, simulated FROM public.community",
        ["its own community"],
    ),
    (_without("0.9", "0"), ["two quarter-hours of a neighbour, all that is compared of a month"]),
    (_without("<= now()", "< ''infinity''"), ["a neighbour's month that still runs, a day more each day"]),
    (_without('m.valid_to >= r."end"', "m.valid_to > r.start"), ["the day of a guest, member for no more than that"]),
    (_without("v.community_no = c.no", "true", "shown.value"), ["another's euros"]),
    (_without("v.community_no = c.no", "true", "shown.equity"), ["how evenly another shares"]),
    (_without("<= now()", "< ''infinity''", "shown.value"), ["its own euros, in one sum for a month that is over"]),
    (_without("members >= 3", "members > 0", "shown.equity"), ["how evenly its own share, three and not two"]),
    ("GRANT hub_owner TO VIEWER WITH INHERIT TRUE", ["the owner", "by a function", "what it may do"]),
    ("GRANT ALL ON DATABASE DATABASE TO PUBLIC", ["a temporary table", "one by SELECT", "a schema"]),
    ("GRANT ALL ON SCHEMA public, shown TO PUBLIC", ["a table"]),
    ("GRANT EXECUTE ON FUNCTION lo_create(oid), lo_from_bytea(oid, bytea) TO PUBLIC", ["a large object"]),
    ("GRANT EXECUTE ON FUNCTION pg_advisory_lock(bigint) TO PUBLIC", ["the lock of a migration"]),
    ("GRANT EXECUTE ON FUNCTION pg_advisory_unlock_all() TO PUBLIC", ["the release of one"]),
    (
        "DO $$ BEGIN EXECUTE ("
        "SELECT string_agg(format('GRANT EXECUTE ON FUNCTION %s TO PUBLIC', oid::regprocedure), ';') FROM pg_proc"
        " WHERE proname = 'pg_logical_emit_message'); END $$",
        ["rows in the write-ahead log and its archive, read-only or not", "the same with the next transaction"],
    ),
    ("GRANT EXECUTE ON FUNCTION pg_current_xact_id() TO PUBLIC", ["a number of a transaction, which is logged too"]),
    ("GRANT EXECUTE ON FUNCTION txid_current() TO PUBLIC", ["and by its older name"]),
    ("GRANT EXECUTE ON FUNCTION pg_export_snapshot() TO PUBLIC", ["a file for each row"]),
    ("GRANT SET ON PARAMETER temp_file_limit TO PUBLIC", ["one without the bound on its files"]),
    ("GRANT SET ON PARAMETER log_min_messages TO PUBLIC", ["with its errors, and the values in them"]),
    ("GRANT pg_read_all_stats TO VIEWER WITH INHERIT TRUE", ["what others have asked"]),
    ("GRANT pg_read_all_settings TO VIEWER WITH INHERIT TRUE", ["where the files are"]),
    ("GRANT EXECUTE ON FUNCTION pg_read_file(text) TO PUBLIC", ["a file to read"]),
    ("GRANT pg_execute_server_program TO VIEWER WITH INHERIT TRUE", ["a program"]),
    ("GRANT SELECT ON pg_statistic TO PUBLIC", ["the same, unfiltered"]),
    ("GRANT SELECT ON pg_authid TO PUBLIC", ["passwords"]),
    ("GRANT EXECUTE ON FUNCTION timescale_edition() TO PUBLIC", ["what it may call"]),
]
"""A protection taken away, and attempts that then must succeed: one that is refused anyhow would test nothing."""
ALWAYS: Final = [Attempt(*row) for row in (*READ, *VIEWS, *BECOME, *MAKE, *REACH, *DISTURB, *BY_ITSELF)]
ON_TIMESCALE: Final = [Attempt(*row) for row in TIMESCALE]

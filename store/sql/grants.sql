-- What each part of the hub may do on tables, views and functions: no more than its statements need.
-- Carried out as hub_owner at the end of every `hub migrate`, where deploy/timescale/roles.sql has made the roles. It
-- takes everything back first. A new table or function is nobody's until it is named here and in tests/granted.py.
DO $$
DECLARE
    relation regclass;
    routine regprocedure;
    role_name text;
BEGIN
    FOR relation IN
        SELECT oid FROM pg_class
        WHERE relnamespace IN ('public'::regnamespace, 'shown'::regnamespace) AND relkind IN ('r', 'p', 'v', 'm', 'S')
            AND relowner = 'hub_owner'::regrole
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM PUBLIC, hub_ingest, hub_process, hub_api, hub_open', relation);
    END LOOP;
    FOR routine IN
        SELECT oid FROM pg_proc
        WHERE pronamespace IN ('public'::regnamespace, 'shown'::regnamespace) AND proowner = 'hub_owner'::regrole
    LOOP
        EXECUTE format('REVOKE ALL ON ROUTINE %s FROM PUBLIC, hub_ingest, hub_process, hub_api, hub_open', routine);
    END LOOP;
    -- What TimescaleDB does with old chunks: the functions run as the owner where only the owner may.
    FOR routine IN
        SELECT oid FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND proowner = 'hub_owner'::regrole AND proname IN (
            'timescale_edition', 'compress_old_chunks', 'old_chunks', 'drop_old_chunks'
        )
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO hub_process', routine);
    END LOOP;
    REVOKE ALL ON SCHEMA shown FROM PUBLIC, hub_ingest, hub_process, hub_api, hub_open;
    -- Whoever may look at schema shown sees all its views: each shows a login its own communities.
    FOR role_name IN
        SELECT a.grantee::regrole FROM pg_namespace AS n, aclexplode(n.nspacl) AS a
        WHERE n.nspname = 'shown' AND a.privilege_type = 'USAGE' AND a.grantee <> n.nspowner AND a.grantee <> 0
    LOOP
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA shown FROM %s', role_name);
        EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA shown TO %s', role_name);
    END LOOP;
END
$$;

-- Every part asks whether the schema is the one it knows.
GRANT SELECT ON migration TO hub_ingest, hub_process, hub_api;

-- hub ingest: what devices say, and what became of it. (UPDATE of one column of `stale` is for locking its rows.)
GRANT SELECT, INSERT, UPDATE ON device, series, reading TO hub_ingest;
GRANT INSERT ON reading_revision TO hub_ingest;
GRANT SELECT, INSERT, UPDATE, DELETE ON
    rejected_message, rejected_reading, kept_message, listener, broker_session TO hub_ingest;
GRANT SELECT ON site, device_mapping TO hub_ingest;
GRANT SELECT (no) ON erasure TO hub_ingest;
GRANT SELECT, INSERT, UPDATE (attempts) ON stale TO hub_ingest;

-- hub process, and hub publish: from readings to intervals, balances and releases, which are never changed.
-- It also removes what is kept no longer, and notes before when nothing can be computed again.
GRANT SELECT ON
    reading, series, device, device_mapping, point, holder, community, membership, sharing_key,
    key_version TO hub_process;
GRANT SELECT, INSERT, UPDATE, DELETE ON interval, allocation, allocation_pair, balance TO hub_process;
GRANT SELECT, INSERT, DELETE ON
    settlement, balance_revision, allocation_revision, allocation_pair_revision TO hub_process;
GRANT SELECT ON tariff TO hub_process;
GRANT SELECT, INSERT, DELETE ON statement, equity TO hub_process;
GRANT SELECT, INSERT, UPDATE, DELETE ON statement_due TO hub_process;
GRANT SELECT, INSERT, UPDATE ON power_now TO hub_process;
GRANT SELECT ON meter_swap TO hub_process;
GRANT SELECT (no, name) ON curve_file TO hub_process;
GRANT SELECT, INSERT, UPDATE, DELETE ON gap TO hub_process;
GRANT SELECT, INSERT, UPDATE ON recomputation TO hub_process;
GRANT SELECT, INSERT, UPDATE (attempts), DELETE ON stale TO hub_process;
GRANT SELECT, INSERT ON release, release_file TO hub_process;
GRANT DELETE ON reading TO hub_process;
GRANT SELECT, DELETE ON
    reading_revision, curve, curve_revision, operator_index, operator_index_revision, operator_result,
    operator_result_revision TO hub_process;
GRANT SELECT, UPDATE (times), DELETE ON rejected_message, rejected_reading TO hub_process;
GRANT UPDATE (frozen_before) ON point, community TO hub_process;
GRANT SELECT, UPDATE, DELETE ON comparison TO hub_process;

-- hub serve: what is shown. What was refused it only counts, and of what waits it tells whose days and months these are.
-- Readings it never sees, and of intervals the energy by either source; and the operator's registers (index), to tell
-- the energy between two.
GRANT SELECT ON
    community, point, membership, sharing_key, key_version, balance, allocation, allocation_pair, power_now, device,
    device_mapping, listener, compared_interval, operator_interval, awaited_flow, operator_index TO hub_api;
GRANT SELECT ON
    settlement, balance_revision, allocation_revision, allocation_pair_revision, operator_result,
    result_residual TO hub_api;
GRANT SELECT ON recomputation TO hub_api;
GRANT SELECT (times) ON rejected_message, rejected_reading TO hub_api;
GRANT SELECT (kind, ref_no, day, error) ON stale TO hub_api;
GRANT SELECT, INSERT ON comparison TO hub_api;
GRANT SELECT ON statement, equity TO hub_api;
GRANT SELECT (community_no, month) ON statement_due TO hub_api;

-- /open/v1: what was released.
GRANT SELECT ON release, release_file TO hub_open;

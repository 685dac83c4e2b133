-- What an operator wants to see first. The quarantine is counted up to 10,000: it may hold hundreds of thousands, and
-- this is asked every few seconds.
SELECT
    current_setting('server_version') AS server_version,
    (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb') AS timescaledb,
    (SELECT max(last_seen_at) FROM device) AS last_reading_at,
    (SELECT count(*) FROM device) AS devices,
    (SELECT count(*) FROM device AS d WHERE NOT EXISTS (SELECT FROM device_mapping AS m WHERE m.device = d.id))
        AS unmapped_devices,
    (SELECT count(*) FROM (SELECT FROM rejected_message LIMIT 10000) AS m) AS rejected_messages,
    (SELECT count(*) FROM (SELECT FROM rejected_reading LIMIT 10000) AS r) AS rejected_readings,
    (SELECT count(*) FROM stale) AS stale_spans,
    (SELECT count(*) FROM stale WHERE error IS NOT NULL) AS failing_spans,
    (
        SELECT count(*) FROM community AS c
        WHERE EXISTS (
            SELECT FROM membership AS m WHERE m.community_no = c.no AND now() >= m.valid_from AND now() < m.valid_to
        ) AND NOT EXISTS (
            SELECT FROM sharing_key AS k WHERE k.community_no = c.no AND now() >= k.valid_from AND now() < k.valid_to
        )
    ) AS communities_without_key

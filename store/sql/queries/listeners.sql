-- Every process that listens, and how it was when it last told.
SELECT
    id, started_at, told_at, greatest(extract(epoch FROM now() - told_at), 0)::float8 AS silent_s, is_connected,
    messages, stored, repeated, undated, rejected_messages, rejected_readings, queued, full_s, broker_losses,
    database_losses
FROM listener
ORDER BY id

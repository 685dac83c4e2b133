-- Tell how a process that listens is.
INSERT INTO listener (
    id, started_at, told_at, is_connected, messages, stored, repeated, undated, rejected_messages, rejected_readings,
    queued, full_s, broker_losses, database_losses
)
VALUES (
    %(id)s, %(started_at)s, now(), %(is_connected)s, %(messages)s, %(stored)s, %(repeated)s, %(undated)s,
    %(rejected_messages)s, %(rejected_readings)s, %(queued)s, %(full_s)s, %(broker_losses)s, %(database_losses)s
)
ON CONFLICT (id) DO UPDATE SET
    started_at = excluded.started_at, told_at = excluded.told_at, is_connected = excluded.is_connected,
    messages = excluded.messages, stored = excluded.stored, repeated = excluded.repeated, undated = excluded.undated,
    rejected_messages = excluded.rejected_messages, rejected_readings = excluded.rejected_readings,
    queued = excluded.queued, full_s = excluded.full_s, broker_losses = excluded.broker_losses,
    database_losses = excluded.database_losses

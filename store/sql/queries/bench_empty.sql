-- Forget all that a round of the bench has written.
TRUNCATE reading, reading_revision, series, device, stale

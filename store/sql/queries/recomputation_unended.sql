-- The nightly check that has begun and has not ended.
SELECT no, done_before FROM recomputation WHERE ended_at IS NULL ORDER BY no DESC LIMIT 1

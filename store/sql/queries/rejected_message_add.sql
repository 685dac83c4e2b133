-- Quarantine messages; one that repeats itself is kept once and counted. Its first and last hearing are told in any
-- order. The copy that a broker retains says nothing about when it was true: a live hearing counts instead.
INSERT INTO rejected_message AS r (digest, topic, payload, zone, retain, reason, first_at, last_at)
VALUES (%(digest)s, %(topic)s, %(payload)s, %(zone)s, %(retain)s, %(reason)s, %(at)s, %(at)s)
ON CONFLICT (digest) DO UPDATE
SET times = r.times + 1, reason = excluded.reason, retain = r.retain AND excluded.retain,
    first_at = CASE
        WHEN r.retain = excluded.retain THEN least(r.first_at, excluded.first_at)
        WHEN r.retain THEN excluded.first_at
        ELSE r.first_at
    END,
    last_at = CASE
        WHEN r.retain = excluded.retain THEN greatest(r.last_at, excluded.last_at)
        WHEN r.retain THEN excluded.last_at
        ELSE r.last_at
    END

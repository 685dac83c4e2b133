-- Quarantine messages; one that repeats itself is kept once and counted.
INSERT INTO rejected_message (digest, topic, payload, zone, reason, first_at, last_at)
VALUES (%(digest)s, %(topic)s, %(payload)s, %(zone)s, %(reason)s, %(at)s, %(at)s)
ON CONFLICT (digest) DO UPDATE
SET times = rejected_message.times + 1, last_at = excluded.last_at, reason = excluded.reason

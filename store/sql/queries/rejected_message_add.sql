-- Quarantine messages; one that repeats itself is kept once and counted.
INSERT INTO rejected_message (digest, topic, payload, zone, retain, reason, first_at, last_at)
VALUES (%(digest)s, %(topic)s, %(payload)s, %(zone)s, %(retain)s, %(reason)s, %(at)s, %(at)s)
ON CONFLICT (digest) DO UPDATE
SET times = rejected_message.times + 1, last_at = greatest(rejected_message.last_at, excluded.last_at),
    retain = rejected_message.retain AND excluded.retain, reason = excluded.reason

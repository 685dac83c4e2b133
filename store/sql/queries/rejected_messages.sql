-- Messages in quarantine, so many at a time in the order of their digests.
SELECT digest, topic, payload, zone, retain, reason, times, first_at, last_at
FROM rejected_message
WHERE digest > %(after)s AND starts_with(topic, %(topic)s)
ORDER BY digest
LIMIT %(limit)s

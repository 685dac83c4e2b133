-- Messages in quarantine, in the order in which they were first heard.
SELECT digest, topic, payload, zone, retain, reason, times, first_at, last_at
FROM rejected_message
WHERE starts_with(topic, %(topic)s)
ORDER BY first_at, digest

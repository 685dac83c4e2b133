-- Refused messages that name somebody, heard between instants of each name, in topic, reason or payload; or that came
-- below prefixes. What bytes cannot be shown as text is written \ooo on both sides.
SELECT r.digest
FROM rejected_message AS r
WHERE EXISTS (
        SELECT
        FROM unnest(
            %(in_topics)s::text[], %(in_payloads)s::text[], %(sinces)s::timestamptz[], %(untils)s::timestamptz[]
        ) AS n (in_topic, in_payload, since, until)
        WHERE r.last_at >= n.since AND r.first_at < n.until
            AND ('/' || r.topic || '/ ' || r.reason ~* n.in_topic OR encode(r.payload, 'escape') ~* n.in_payload)
    )
    OR EXISTS (
        SELECT FROM unnest(%(prefixes)s::text[]) AS p (prefix) WHERE starts_with(r.topic || '/', p.prefix || '/')
    )
ORDER BY r.digest

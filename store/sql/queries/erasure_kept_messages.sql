-- Messages kept for later ones that name somebody in topic or payload, or that came below prefixes.
SELECT k.topic
FROM kept_message AS k
WHERE EXISTS (
        SELECT FROM unnest(%(in_topics)s::text[], %(in_payloads)s::text[]) AS n (in_topic, in_payload)
        WHERE '/' || k.topic || '/' ~* n.in_topic OR encode(k.payload, 'escape') ~* n.in_payload
    )
    OR EXISTS (
        SELECT FROM unnest(%(prefixes)s::text[]) AS p (prefix) WHERE starts_with(k.topic || '/', p.prefix || '/')
    )
ORDER BY k.topic

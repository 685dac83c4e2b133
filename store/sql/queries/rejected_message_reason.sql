-- Write anew why messages are in quarantine.
UPDATE rejected_message AS r SET reason = n.reason
FROM unnest(%(digests)s::bytea[], %(reasons)s::text[]) AS n (digest, reason)
WHERE r.digest = n.digest AND r.reason <> n.reason

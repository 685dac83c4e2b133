-- Write anew how often messages came: that they were read again is no hearing.
UPDATE rejected_message AS r SET times = w.times
FROM unnest(%(digests)s::bytea[], %(times)s::bigint[]) AS w (digest, times)
WHERE r.digest = w.digest

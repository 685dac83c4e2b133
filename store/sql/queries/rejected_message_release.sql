-- Take messages out of quarantine.
DELETE FROM rejected_message WHERE digest = ANY(%(digests)s::bytea[])

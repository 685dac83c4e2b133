-- Remove refused messages. Rows are locked in one order by everybody.
WITH wanted AS (
    SELECT digest FROM rejected_message WHERE digest = ANY (%(digests)s::bytea[]) ORDER BY digest FOR UPDATE
)
DELETE FROM rejected_message AS r USING wanted AS w WHERE r.digest = w.digest

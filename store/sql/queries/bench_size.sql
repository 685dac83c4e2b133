-- What readings take on disk with their indexes, in chunks or not [B].
SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class
WHERE oid = 'reading'::regclass
    OR oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'reading'::regclass)

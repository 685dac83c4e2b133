-- Let another process remove what is old, forget somebody, recompute, or compare keys.
SELECT pg_advisory_unlock(hashtext('keeping'), hashtext(%(what)s))

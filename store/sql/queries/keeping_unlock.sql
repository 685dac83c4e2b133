-- Let another process remove what is old, or forget somebody.
SELECT pg_advisory_unlock(hashtext('keeping'), hashtext(%(what)s))

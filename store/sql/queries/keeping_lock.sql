-- One process at a time removes what is old, or forgets somebody; it gives the lock back, or its connection ends.
SELECT pg_try_advisory_lock(hashtext('keeping'), hashtext(%(what)s))

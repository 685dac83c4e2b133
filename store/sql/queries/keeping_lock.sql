-- One process at a time removes what is old, forgets somebody, recomputes, or compares keys: a lock for each of them.
-- It gives the lock back, or its connection ends.
SELECT pg_try_advisory_lock(hashtext('keeping'), hashtext(%(what)s))

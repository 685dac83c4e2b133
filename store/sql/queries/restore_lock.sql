-- One process restores at a time; the number is the hub's own and only has to stay the same.
SELECT pg_try_advisory_lock(7305808869231650662)

-- One process migrates at a time; the number is the hub's own and only has to stay the same.
SELECT pg_advisory_xact_lock(7305808869231650661)

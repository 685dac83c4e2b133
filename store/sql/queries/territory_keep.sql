-- Keep the territory as it is until the end of the transaction; any number of workers may.
SELECT pg_advisory_xact_lock_shared(hashtext('territory'), 0)

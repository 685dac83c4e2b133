-- Keep the numbers of all series until the end of the transaction; any number of those who append may.
SELECT pg_advisory_xact_lock_shared(hashtext('series'), 0)

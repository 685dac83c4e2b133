-- One file at a time is imported, so that two that hold the same values cannot wait for each other.
SELECT pg_advisory_xact_lock(hashtext('curve'), 0)

-- Remove series alone: those who append end first, others begin after the commit.
SELECT pg_advisory_xact_lock(hashtext('series'), 0)

-- Change the territory alone: workers that compute by it end first, others begin after the commit.
SELECT pg_advisory_xact_lock(hashtext('territory'), 0)

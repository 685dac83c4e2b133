-- Whether nobody computes a community now; nobody will until this transaction ends. It is the lock of stale_claim.
SELECT pg_try_advisory_xact_lock(hashtext('community'), %(community_no)s)

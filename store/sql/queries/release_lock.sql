-- One release of a dataset at a time: each is chained to the one before.
SELECT pg_advisory_xact_lock(hashtext('release'), hashtext(%(dataset)s))

-- Tell the live feed what changed in a community, when this transaction commits.
SELECT pg_notify('live', %(payload)s)

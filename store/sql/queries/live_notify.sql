-- Tell the live feed what changed in a community, when this transaction commits. Every login of the database can hear
-- it, those of other communities too: the payload tells numbers and days, no name and no energy.
SELECT pg_notify('live', %(payload)s)

-- Remove a tariff of a community.
DELETE FROM tariff AS t
USING community AS c
WHERE c.no = t.community_no AND c.id = %(community)s AND t.valid_from = %(valid_from)s

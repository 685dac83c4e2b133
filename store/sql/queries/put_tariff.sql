-- Add or alter a tariff of a community.
INSERT INTO tariff (community_no, rule, valid_from, valid_to)
SELECT c.no, %(rule)s::jsonb, %(valid_from)s, %(valid_to)s FROM community AS c WHERE c.id = %(community)s
ON CONFLICT (community_no, valid_from) DO UPDATE SET rule = excluded.rule, valid_to = excluded.valid_to

-- Add or alter a membership.
INSERT INTO membership (community_no, point_no, valid_from, valid_to, participation_percent)
SELECT c.no, p.no, %(valid_from)s, %(valid_to)s, %(participation_percent)s
FROM community AS c, point AS p
WHERE c.id = %(community)s AND p.id = %(point)s
ON CONFLICT (community_no, point_no, valid_from) DO UPDATE
SET valid_to = excluded.valid_to, participation_percent = excluded.participation_percent

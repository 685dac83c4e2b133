-- Remove a membership.
DELETE FROM membership AS m
USING community AS c, point AS p
WHERE c.no = m.community_no AND p.no = m.point_no
    AND c.id = %(community)s AND p.id = %(point)s AND m.valid_from = %(valid_from)s

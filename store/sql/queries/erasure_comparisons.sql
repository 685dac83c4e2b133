-- Remove the comparisons of communities that points ever took part in, and those that name them: by id in a key, or by
-- name in what was found while they took part.
DELETE FROM comparison AS c
WHERE
    c.community_no IN (SELECT community_no FROM membership WHERE point_no = ANY (%(points)s))
    OR EXISTS (
        SELECT FROM point AS p
        WHERE p.no = ANY (%(points)s) AND (
            strpos(c.request::text, to_jsonb(p.id)::text) > 0
            OR strpos(c.result::jsonb::text, to_jsonb(p.name)::text) > 0
            OR strpos(c.result::jsonb::text, to_jsonb(p.name || ' (' || p.id || ')')::text) > 0
        )
    )

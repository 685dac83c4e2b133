-- Remove the comparisons of communities that points ever took part in, and those that name them in a key.
DELETE FROM comparison AS c
WHERE
    c.community_no IN (SELECT community_no FROM membership WHERE point_no = ANY (%(points)s))
    OR EXISTS (SELECT FROM unnest(%(ids)s::text[]) AS p (id) WHERE strpos(c.request::text, to_jsonb(p.id)::text) > 0)

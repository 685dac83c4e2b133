-- Sites that serve some devices alone: a level of their prefix is a name of one, or the devices of their name are all
-- among these; and nobody else's device is called after them.
SELECT s.prefix
FROM site AS s
WHERE (
        EXISTS (
            SELECT FROM unnest(%(names)s::text[]) AS n (name)
            WHERE position(lower('/' || n.name || '/') IN lower('/' || s.prefix || '/')) > 0
        )
        OR (
            s.name <> ''
            AND EXISTS (SELECT FROM unnest(%(devices)s::text[]) AS d (id) WHERE starts_with(d.id, s.name || '/'))
            AND NOT EXISTS (SELECT FROM site AS o WHERE o.name = s.name AND o.prefix <> s.prefix)
        )
    )
    AND NOT EXISTS (
        SELECT FROM unnest(%(others)s::text[]) AS o (id)
        WHERE s.name <> '' AND starts_with(o.id, s.name || '/')
    )
ORDER BY s.prefix

-- Remove the equity of periods of a community, to be computed anew.
DELETE FROM equity
WHERE community_no = %(community_no)s AND (period_kind, period) IN (
    SELECT * FROM unnest(%(kinds)s::text[], %(periods)s::text[])
)

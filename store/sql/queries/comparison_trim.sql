-- Remove comparisons that are too old, and of each community all but the newest.
DELETE FROM comparison AS c
WHERE c.status IN ('done', 'failed') AND (
    c.ended_at < now() - %(longest)s::interval
    OR (SELECT count(*) FROM comparison AS n WHERE n.community_no = c.community_no AND n.no > c.no) >= %(most)s
)

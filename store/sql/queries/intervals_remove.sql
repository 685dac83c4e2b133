-- Remove intervals of points that start before an instant, at most so many. Returns how many went.
WITH old AS MATERIALIZED (
    SELECT i.point_no, i.start, i.flow, i.source
    FROM unnest(%(points)s::int[]) AS p (no)
    CROSS JOIN LATERAL (
        SELECT o.point_no, o.start, o.flow, o.source
        FROM interval AS o
        WHERE o.point_no = p.no AND o.start < %(before)s::timestamptz
        ORDER BY o.start
        LIMIT %(most)s
    ) AS i
    LIMIT %(most)s
), gone AS (
    DELETE FROM interval AS i USING old AS o
    WHERE i.point_no = o.point_no AND i.start = o.start AND i.flow = o.flow AND i.source = o.source
    RETURNING i.point_no
)
SELECT count(*) FROM gone

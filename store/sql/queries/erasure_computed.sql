-- Remove what was computed for points. Returns how many intervals and allocations went.
WITH gone_intervals AS (
    DELETE FROM interval WHERE point_no = ANY (%(points)s) RETURNING point_no
), gone_allocations AS (
    DELETE FROM allocation WHERE point_no = ANY (%(points)s) RETURNING point_no
)
SELECT (SELECT count(*) FROM gone_intervals), (SELECT count(*) FROM gone_allocations)

-- How many days before an instant, and not frozen yet, wait to be computed for the first time; how many could not be,
-- and why one of these could not: once frozen, they never would be.
SELECT
    count(*) FILTER (WHERE s.error IS NULL) AS waiting,
    count(*) FILTER (WHERE s.error IS NOT NULL) AS failed,
    min(s.error) AS why
FROM stale AS s
WHERE
    s.day < (%(before)s::timestamptz AT TIME ZONE 'UTC')::date
    AND (s.day + 1)::timestamp AT TIME ZONE 'UTC' > coalesce(
        CASE s.kind
            WHEN 'series' THEN (SELECT min(coalesce(p.frozen_before, '-infinity')) FROM point AS p)
            WHEN 'curve' THEN (SELECT p.frozen_before FROM point AS p WHERE p.no = s.ref_no)
            ELSE (SELECT c.frozen_before FROM community AS c WHERE c.no = s.ref_no)
        END,
        '-infinity'
    )

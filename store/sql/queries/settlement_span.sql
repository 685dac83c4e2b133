-- When a settled month begins and ends; no row where there is no such month, or not that version of it. Its name is
-- that of its middle: it stays the same if the community moves to another clock.
SELECT s.month_start, s.month_end
FROM settlement AS s
JOIN community AS c ON c.no = s.community_no
WHERE s.community_no = %(community_no)s AND s.version = %(version)s
    AND to_char((s.month_start + (s.month_end - s.month_start) / 2) AT TIME ZONE c.zone, 'YYYY-MM') = %(month)s

-- Registers of the bench go on, a quarter of an hour after another, in the order in which they would come: by turns 100
-- and 200 Wh, each device so many seconds after the edge of the grid.
INSERT INTO reading (series_no, at, value)
SELECT
    s.no,
    %(begin)s::timestamptz + k * '15 minutes'::interval + mod(s.no * 37, %(spread_s)s::int) * '1 second'::interval,
    1000000 + 150 * k - 50 * mod(k, 2)
FROM generate_series(%(first)s::int, %(last)s::int) AS k
CROSS JOIN series AS s
ORDER BY k, s.no

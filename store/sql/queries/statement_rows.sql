-- Statements of a community in local months from one up to before another, in order; EUR as text, so that they stay
-- exact, with how much of what was awaited is known. What is kept of a point that is gone stands under its number.
SELECT
    to_char(s.month, 'YYYY-MM') AS month,
    coalesce(p.id, 'removed-' || s.point_no) AS point,
    coalesce(p.category, 'removed') AS category,
    s.import_wh, s.allocated_wh, s.sold_wh, s.surplus_wh,
    s.saving_eur::text AS saving_eur,
    s.revenue_eur::text AS revenue_eur,
    s.local_value_eur::text AS local_value_eur,
    s.retail_value_eur::text AS retail_value_eur,
    s.present, s.expected, trunc(s.present / s.expected::numeric, 6)::float8 AS completeness,
    s.point_no
FROM statement AS s
LEFT JOIN point AS p ON p.no = s.point_no
WHERE s.community_no = %(community_no)s AND s.month >= %(first)s AND s.month < %(end)s
ORDER BY 1, 2

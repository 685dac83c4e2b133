-- What sharing was worth to a community in local months from one up to before another: month by month, and last, with
-- month null, all together. EUR as text, so that they stay exact; null where a tariff is missing for any of its points.
-- How much is known is told of the points of which it can be told what was awaited.
SELECT
    to_char(month, 'YYYY-MM') AS month,
    sum(allocated_wh)::bigint AS allocated_wh,
    sum(sold_wh)::bigint AS sold_wh,
    sum(surplus_wh)::bigint AS surplus_wh,
    CASE WHEN bool_and(allocated_wh IS NULL OR saving_eur IS NOT NULL) THEN sum(saving_eur) END::text AS saving_eur,
    CASE WHEN bool_and(coalesce(sold_wh, surplus_wh) IS NULL OR revenue_eur IS NOT NULL) THEN sum(revenue_eur) END::text
        AS revenue_eur,
    CASE WHEN bool_and(allocated_wh IS NULL OR local_value_eur IS NOT NULL) THEN sum(local_value_eur) END::text
        AS local_value_eur,
    CASE WHEN bool_and(allocated_wh IS NULL OR retail_value_eur IS NOT NULL) THEN sum(retail_value_eur) END::text
        AS retail_value_eur,
    CASE WHEN bool_and(allocated_wh IS NULL OR local_value_eur IS NOT NULL)
        THEN trunc(sum(local_value_eur) / nullif(sum(retail_value_eur), 0), 6)::float8
    END AS local_value_rate,
    coalesce(sum(present) FILTER (WHERE expected > 0), 0)::bigint AS present,
    sum(expected)::bigint AS expected,
    trunc(sum(present) FILTER (WHERE expected > 0) / sum(expected)::numeric, 6)::float8 AS completeness
FROM statement
WHERE community_no = %(community_no)s AND month >= %(first)s AND month < %(end)s
GROUP BY GROUPING SETS ((month), ())
ORDER BY month NULLS LAST

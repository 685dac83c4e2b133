-- Equity of a community in the periods of a kind that touch local months from one up to before another, in order.
SELECT
    period, to_char(first_month, 'YYYY-MM') AS first_month, to_char(last_month, 'YYYY-MM') AS last_month,
    group_kind, group_name, members, consumption_wh, allocated_wh, saving_eur::text AS saving_eur,
    jain, gini, min_max, autoproduction_p90_p10, share_against_need, parity
FROM equity
WHERE
    community_no = %(community_no)s AND period_kind = %(period_kind)s
    AND last_month >= %(first)s AND first_month < %(end)s
ORDER BY first_month, group_kind, group_name

-- Store the equity of periods.
COPY equity (
    community_no, period_kind, period, first_month, last_month, group_kind, group_name, members, consumption_wh,
    allocated_wh, saving_eur, jain, gini, min_max, autoproduction_p90_p10, share_against_need, parity
) FROM STDIN (FORMAT CSV)

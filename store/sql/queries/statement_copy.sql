-- Store the statement of a month.
COPY statement (
    community_no, month, point_no, import_wh, allocated_wh, sold_wh, surplus_wh, saving_eur, revenue_eur,
    local_value_eur, retail_value_eur, present, expected
) FROM STDIN (FORMAT CSV)

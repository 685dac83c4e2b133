-- Stage computed balances.
COPY balanced (
    start, consumption_wh, production_wh, allocated_wh, residual_wh, surplus_wh, present, expected, quality, settled
) FROM STDIN (FORMAT CSV)

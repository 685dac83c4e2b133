-- Stage computed allocations.
COPY allocated (
    point_no, start, import_wh, export_wh, share_wh, allocated_wh, residual_wh, surplus_wh, quality, key_no
) FROM STDIN (FORMAT CSV)

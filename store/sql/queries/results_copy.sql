-- Stage the operator's results of a file.
COPY result_incoming (point_no, flow, result, month_start, month_end, energy_wh, rounding_wh) FROM STDIN (FORMAT CSV)

-- Stage the values of a file.
COPY curve_incoming (point_no, flow, start, step_min, nature, mean_w, quality) FROM STDIN (FORMAT CSV)

-- Stage computed intervals.
COPY computed (point_no, flow, start, energy_wh, quality, method) FROM STDIN (FORMAT CSV)

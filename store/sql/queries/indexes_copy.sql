-- Stage the registers of a file.
COPY index_incoming (point_no, flow, tariff, at, nature, register_wh, quality) FROM STDIN (FORMAT CSV)

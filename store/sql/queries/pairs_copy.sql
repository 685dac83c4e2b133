-- Stage computed pairs.
COPY paired (producer_no, point_no, start, allocated_wh) FROM STDIN (FORMAT CSV)

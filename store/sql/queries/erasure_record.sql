-- Remember that somebody was forgotten, and how much went; nothing tells whom.
INSERT INTO erasure (points, devices, readings, intervals, allocations, messages)
VALUES (%(points)s, %(devices)s, %(readings)s, %(intervals)s, %(allocations)s, %(messages)s)
RETURNING no

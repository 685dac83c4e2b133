-- Which registers feed which flow of the points: both registers of a grid meter, the yield of a production.
-- Per-phase registers are parts of a total and never routed. Where a device has several registers of one flow (tariffs,
-- a total), each is awaited from its first reading on, and until two hours after its last if others go on: contracts
-- change. What a home subscribed to limits what it withdraws; what it injects is limited by its inverter, which nobody
-- declares.
WITH register AS (
    SELECT
        s.no AS series_no,
        m.point_no,
        CASE WHEN s.quantity = 'import_energy' THEN 'import' ELSE 'export' END AS flow,
        s.tariff,
        s.device_no,
        s.channel,
        s.quantity,
        m.valid_from,
        m.valid_to,
        (SELECT min(r.at) FROM reading AS r WHERE r.series_no = s.no) AS first_at,
        (SELECT max(r.at) FROM reading AS r WHERE r.series_no = s.no) AS last_at
    FROM device_mapping AS m
    JOIN device AS d ON d.id = m.device
    JOIN series AS s ON s.device_no = d.no AND s.channel = m.channel AND s.phase = ''
    WHERE
        m.point_no = ANY (%(points)s)
        AND (
            (m.measures = 'grid' AND s.quantity IN ('import_energy', 'export_energy'))
            OR (m.measures = 'production' AND s.quantity = 'pv_energy')
        )
), beside AS (
    SELECT
        *,
        min(first_at) OVER siblings AS any_first_at,
        max(last_at) OVER siblings AS any_last_at
    FROM register
    WINDOW siblings AS (PARTITION BY point_no, device_no, channel, quantity, valid_from)
)
SELECT
    b.series_no,
    b.point_no,
    b.flow,
    b.tariff,
    CASE WHEN b.flow = 'import' OR p.role = 'producer' THEN p.limit_w END AS limit_w,
    greatest(b.valid_from, CASE WHEN b.first_at > b.any_first_at THEN b.first_at END, '1900-01-01') AS valid_from,
    least(
        b.valid_to, CASE WHEN b.last_at + '2 hours'::interval < b.any_last_at THEN b.last_at + '2 hours'::interval END,
        '2200-01-01'
    ) AS valid_to
FROM beside AS b
JOIN point AS p ON p.no = b.point_no
-- Nothing is awaited of a register whose readings were all removed for their age.
WHERE b.first_at IS NOT NULL

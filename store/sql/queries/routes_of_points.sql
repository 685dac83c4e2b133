-- What feeds which flow of the points: registers of a grid meter or the yield of a production; where a device has none
-- of a flow, the best of what else it tells of it, unless another device has a register of the same flow meanwhile.
-- Per-phase values are parts of a total and never routed. Where a device has several registers of one flow (tariffs,
-- a total), each is awaited from its first reading on, and until two hours after its last if others go on: contracts
-- change. What a home subscribed to limits what it withdraws; what it injects is limited by its inverter, which nobody
-- declares.
WITH source (measures, quantity, flow, kind, rank) AS (
    VALUES
        ('grid', 'import_energy', 'import', 'register', 0),
        ('grid', 'import_energy_interval', 'import', 'energy', 1),
        ('grid', 'import_power_avg', 'import', 'average', 2),
        ('grid', 'import_power', 'import', 'power', 3),
        ('grid', 'active_power', 'import', 'power', 4),
        ('grid', 'export_energy', 'export', 'register', 0),
        ('grid', 'export_energy_interval', 'export', 'energy', 1),
        ('grid', 'export_power_avg', 'export', 'average', 2),
        ('grid', 'export_power', 'export', 'power', 3),
        ('grid', 'active_power', 'export', 'reversed', 4),
        ('production', 'pv_energy', 'export', 'register', 0),
        ('production', 'pv_power', 'export', 'power', 3)
), heard AS (
    SELECT
        s.no AS series_no,
        m.point_no,
        f.flow,
        f.kind,
        f.rank,
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
    JOIN source AS f ON f.measures = m.measures AND f.quantity = s.quantity
    WHERE m.point_no = ANY (%(points)s)
), best AS (
    SELECT
        *,
        min(rank) OVER (PARTITION BY point_no, device_no, channel, valid_from, flow) AS best_rank,
        min(first_at) OVER siblings AS any_first_at,
        max(last_at) OVER siblings AS any_last_at
    FROM heard
    -- Nothing is awaited of what has no readings any more, all removed for their age.
    WHERE first_at IS NOT NULL
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
    ) AS valid_to,
    b.kind
FROM best AS b
JOIN point AS p ON p.no = b.point_no
WHERE
    b.rank = b.best_rank
    AND (b.kind = 'register' OR NOT EXISTS (
        SELECT FROM best AS o
        WHERE
            o.kind = 'register' AND o.point_no = b.point_no AND o.flow = b.flow
            AND o.valid_from < b.valid_to AND o.valid_to > b.valid_from
    ))

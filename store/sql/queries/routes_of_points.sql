-- What feeds which flow of the points: registers of a grid meter or the yield of a production; and what else is told of
-- it, until something better begins that goes on as long. Of what is there at once the best kind counts
-- (processing/intervals.py). What begins beside something as good, or not as good, is awaited from its first reading
-- on: what was told until then stays what it was. Per-phase values are parts of a total and never routed. Where a
-- device has several registers of one flow (tariffs, a total), each is awaited until two hours after its last reading
-- if others go on: contracts change. What a home subscribed to limits what it withdraws; what it injects is limited by
-- its inverter, which nobody declares.
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
        ('production', 'export_energy', 'export', 'register', 1),
        ('production', 'export_energy_interval', 'export', 'energy', 2),
        ('production', 'export_power_avg', 'export', 'average', 3),
        ('production', 'pv_power', 'export', 'power', 4),
        ('production', 'export_power', 'export', 'power', 5)
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
), told AS (
    -- Nothing is awaited of what has no readings any more, all removed for their age.
    SELECT *, greatest(first_at, valid_from) AS begins FROM heard WHERE first_at IS NOT NULL
), beside AS (
    SELECT
        *,
        max(last_at) OVER siblings AS any_last_at,
        EXISTS (
            SELECT FROM told AS o
            WHERE
                o.point_no = t.point_no AND o.flow = t.flow AND o.rank >= t.rank AND o.begins < t.begins
                AND o.valid_to > t.valid_from
        ) AS is_late
    FROM told AS t
    WINDOW siblings AS (PARTITION BY point_no, device_no, channel, quantity, valid_from)
), awaited AS (
    SELECT
        *,
        greatest(valid_from, CASE WHEN is_late THEN first_at END, '1900-01-01') AS since,
        least(
            valid_to, CASE WHEN last_at + '2 hours'::interval < any_last_at THEN last_at + '2 hours'::interval END,
            '2200-01-01'
        ) AS until
    FROM beside
), outranked AS (
    SELECT
        a.*,
        (
            SELECT min(o.since) FROM awaited AS o
            WHERE o.point_no = a.point_no AND o.flow = a.flow AND o.rank < a.rank AND o.until >= a.until
        ) AS better_since
    FROM awaited AS a
)
SELECT
    o.series_no,
    o.point_no,
    o.flow,
    o.tariff,
    CASE WHEN o.flow = 'import' OR p.role = 'producer' THEN p.limit_w END AS limit_w,
    o.since AS valid_from,
    least(o.until, o.better_since) AS valid_to,
    o.kind
FROM outranked AS o
JOIN point AS p ON p.no = o.point_no
-- What has not a quarter of an hour to itself before something better begins makes no interval.
WHERE o.better_since IS NULL OR o.better_since >= greatest(o.since, o.first_at) + '15 minutes'::interval

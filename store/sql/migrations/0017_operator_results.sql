-- The distribution operator's own results of a community, by month and point: what it billed by, beside what the hub
-- computed, and which points explain how far the two are apart.

-- A result of the operator for a point and a local month of its community. Consumers have cons, autocons (shared with
-- them) and complement; producers prod, autocons (shared by them) and surplus. rounding_wh: how far the rounding of the
-- file's own figures can have moved it.
CREATE TABLE operator_result (
    community_no int NOT NULL REFERENCES community ON DELETE CASCADE,
    point_no     int NOT NULL REFERENCES point ON DELETE CASCADE,
    flow         flow NOT NULL,
    result       text NOT NULL,
    month_start  timestamptz NOT NULL,
    month_end    timestamptz NOT NULL CHECK (month_end > month_start),
    energy_wh    bigint NOT NULL CHECK (energy_wh >= 0),
    rounding_wh  bigint NOT NULL CHECK (rounding_wh >= 0),
    file_no      int NOT NULL REFERENCES curve_file ON DELETE CASCADE,
    PRIMARY KEY (community_no, month_start, point_no, flow, result),
    CHECK (result = ANY (CASE flow
        WHEN 'import' THEN ARRAY['cons', 'autocons', 'complement'] ELSE ARRAY['prod', 'autocons', 'surplus']
    END))
);
CREATE INDEX operator_result_of_point ON operator_result (point_no);
CREATE INDEX operator_result_of_file ON operator_result (file_no);

-- The result that a later file replaced.
CREATE TABLE operator_result_revision (
    community_no    int NOT NULL REFERENCES community ON DELETE CASCADE,
    point_no        int NOT NULL REFERENCES point ON DELETE CASCADE,
    flow            flow NOT NULL,
    result          text NOT NULL,
    month_start     timestamptz NOT NULL,
    old_energy_wh   bigint NOT NULL,
    old_rounding_wh bigint NOT NULL,
    old_file_no     int REFERENCES curve_file ON DELETE SET NULL,
    revised_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX operator_result_revision_month ON operator_result_revision (community_no, month_start);
CREATE INDEX operator_result_revision_of_point ON operator_result_revision (point_no);
CREATE INDEX operator_result_revision_of_file ON operator_result_revision (old_file_no);

-- The hub's own figures beside the operator's results, in the months of which there are any, and what the cause is of
-- how far a flow of a point is apart. Who looks at one community and month reads no other.
--
-- Apart: the largest of the differences of a flow's three results; all of it where one side alone knows the flow.
-- Cause: agrees: no more apart than the rounding of the file, and 1 Wh for each step of what was shared out;
-- hub_incomplete: the hub lacks steps; meter: consumption or production itself differs; key: it agrees, and what was
-- shared does not, and no meter can be why; others: it agrees, and a meter of another point, or a step that is missing
-- there, may be why, since the key shares by it; unclear: the operator does not tell consumption or production.
-- A flow of which a part takes part may be 1 Wh for each quarter of an hour further apart, for the operator may cut it
-- otherwise; where there is any such flow, so may what was shared of all. Of who keeps the share that it cannot use,
-- and injects, that share is not in surplus, and not taken from autocons.
CREATE VIEW result_residual AS
SELECT
    m.community_no, m.month_start, m.month_end, x.point_no, x.flow, r.result,
    r.hub_result_wh, r.operator_result_wh, r.hub_result_wh - r.operator_result_wh AS result_residual_wh,
    x.present, x.expected, x.result_apart_wh, x.result_apart_share, x.cause
FROM (SELECT DISTINCT community_no, month_start, month_end FROM operator_result) AS m
CROSS JOIN LATERAL (
    WITH awaited AS (
        SELECT
            s.point_no, f.flow,
            sum(greatest(0, least(
                ceil(extract(epoch FROM m.month_end) / (c.step_min * 60)),
                floor(extract(epoch FROM s.valid_to) / (c.step_min * 60))
            ) - ceil(extract(epoch FROM greatest(m.month_start, s.valid_from)) / (c.step_min * 60))))::bigint
                AS expected,
            bool_or(s.participation_percent < 100) AS is_part,
            min(c.step_min) / 15 AS quarters
        FROM membership AS s
        JOIN community AS c ON c.no = s.community_no
        JOIN point AS p ON p.no = s.point_no
        JOIN (VALUES
            ('consumer', 'import'::flow), ('prosumer', 'import'), ('prosumer', 'export'), ('producer', 'export')
        ) AS f (role, flow) ON f.role = p.role
        WHERE s.community_no = m.community_no AND s.valid_from < m.month_end AND s.valid_to > m.month_start
        GROUP BY s.point_no, f.flow
    ), keeping AS MATERIALIZED (
        SELECT v.no FROM key_version AS v
        WHERE v.community_no = m.community_no AND v.rule ->> 'surplus' = 'to_members'
    ), summed AS (
        SELECT
            a.point_no,
            count(a.import_wh) AS imports, sum(a.import_wh)::bigint AS import_wh,
            sum(a.allocated_wh) FILTER (WHERE a.import_wh IS NOT NULL)::bigint AS allocated_wh,
            sum(a.residual_wh)::bigint AS residual_wh,
            count(a.export_wh) AS exports, sum(a.export_wh)::bigint AS export_wh,
            sum(
                a.surplus_wh - CASE
                    WHEN a.import_wh IS NOT NULL AND a.key_no IN (SELECT k.no FROM keeping AS k)
                        THEN a.share_wh - a.allocated_wh
                    ELSE 0
                END
            ) FILTER (WHERE a.export_wh IS NOT NULL)::bigint AS surplus_wh
        FROM allocation AS a
        WHERE a.community_no = m.community_no AND a.start >= m.month_start AND a.start < m.month_end
        GROUP BY a.point_no
    ), hub AS (
        SELECT a.point_no, f.flow, f.present, f.energy_wh, f.shared_wh, f.rest_wh
        FROM summed AS a
        CROSS JOIN LATERAL (VALUES
            ('import'::flow, a.imports, a.import_wh, a.allocated_wh, a.residual_wh),
            ('export', a.exports, a.export_wh, a.export_wh - a.surplus_wh, a.surplus_wh)
        ) AS f (flow, present, energy_wh, shared_wh, rest_wh)
        WHERE f.present > 0
    ), operator AS (
        SELECT
            o.point_no, o.flow,
            max(o.energy_wh) FILTER (WHERE o.result IN ('cons', 'prod')) AS energy_wh,
            max(o.energy_wh) FILTER (WHERE o.result = 'autocons') AS shared_wh,
            max(o.energy_wh) FILTER (WHERE o.result IN ('complement', 'surplus')) AS rest_wh,
            max(o.rounding_wh) AS rounding_wh
        FROM operator_result AS o
        WHERE o.community_no = m.community_no AND o.month_start = m.month_start
        GROUP BY o.point_no, o.flow
    ), beside AS (
        SELECT
            coalesce(h.point_no, o.point_no) AS point_no,
            coalesce(h.flow, o.flow) AS flow,
            h.energy_wh AS hub_energy_wh, h.shared_wh AS hub_shared_wh, h.rest_wh AS hub_rest_wh,
            o.energy_wh AS operator_energy_wh, o.shared_wh AS operator_shared_wh, o.rest_wh AS operator_rest_wh,
            coalesce(h.present, 0) AS present,
            nullif(greatest(a.expected, h.present), 0) AS expected,
            h.point_no IS NOT NULL AS hub_knows,
            o.point_no IS NOT NULL AS operator_knows,
            abs(h.energy_wh - o.energy_wh)
                > o.rounding_wh + CASE WHEN a.is_part THEN h.present * a.quarters ELSE 0 END AS energy_differs,
            greatest(abs(h.shared_wh - o.shared_wh), abs(h.rest_wh - o.rest_wh))
                > o.rounding_wh + h.present * (1 + coalesce(d.quarters, 0)) AS sharing_differs
        FROM hub AS h
        FULL JOIN operator AS o ON o.point_no = h.point_no AND o.flow = h.flow
        LEFT JOIN awaited AS a
            ON a.point_no = coalesce(h.point_no, o.point_no) AND a.flow = coalesce(h.flow, o.flow)
        CROSS JOIN (SELECT max(quarters) FILTER (WHERE is_part) AS quarters FROM awaited) AS d
        -- Of a flow that the operator tells of nobody there is nothing to compare.
        WHERE coalesce(h.flow, o.flow) IN (SELECT t.flow FROM operator AS t)
    ), alone AS (
        SELECT
            *,
            CASE
                WHEN NOT operator_knows THEN 'unknown_to_operator'
                WHEN NOT hub_knows AND expected IS NULL THEN 'unknown_to_hub'
                WHEN NOT hub_knows THEN 'hub_incomplete'
                WHEN NOT coalesce(energy_differs, false) AND NOT coalesce(sharing_differs, false) THEN 'agrees'
                WHEN present < expected THEN 'hub_incomplete'
                WHEN energy_differs THEN 'meter'
                WHEN energy_differs IS NULL THEN 'unclear'
                ELSE 'key'
            END AS cause,
            CASE
                WHEN NOT operator_knows THEN greatest(hub_energy_wh, hub_shared_wh, hub_rest_wh)
                WHEN NOT hub_knows THEN greatest(operator_energy_wh, operator_shared_wh, operator_rest_wh)
                ELSE greatest(
                    abs(hub_energy_wh - operator_energy_wh), abs(hub_shared_wh - operator_shared_wh),
                    abs(hub_rest_wh - operator_rest_wh)
                )
            END AS result_apart_wh
        FROM beside
    ), together AS (
        SELECT
            *,
            bool_or(flow = 'import' AND cause NOT IN ('agrees', 'key', 'unclear')) OVER () AS withdrawals_differ,
            bool_or(flow = 'export' AND cause NOT IN ('agrees', 'key', 'unclear')) OVER () AS injections_differ,
            bool_or(flow = 'import' AND cause = 'key') OVER () AS keys_differ,
            EXISTS (
                SELECT FROM sharing_key AS k
                WHERE
                    k.community_no = m.community_no AND k.valid_from < m.month_end AND k.valid_to > m.month_start
                    AND k.rule ->> 'type' NOT IN ('static', 'custom', 'matrix')
            ) AS shares_by_withdrawals
        FROM alone
    )
    SELECT
        t.point_no, t.flow, t.hub_energy_wh, t.hub_shared_wh, t.hub_rest_wh, t.operator_energy_wh,
        t.operator_shared_wh, t.operator_rest_wh, t.present, t.expected, t.result_apart_wh,
        round(t.result_apart_wh / nullif(sum(t.result_apart_wh) OVER (), 0), 6)::float8 AS result_apart_share,
        CASE
            WHEN t.cause <> 'key' THEN t.cause
            WHEN t.injections_differ THEN 'others'
            WHEN t.withdrawals_differ AND (t.shares_by_withdrawals OR t.flow = 'export') THEN 'others'
            WHEN t.keys_differ AND t.flow = 'export' THEN 'others'
            ELSE 'key'
        END AS cause
    FROM together AS t
) AS x
CROSS JOIN LATERAL (VALUES
    (CASE x.flow WHEN 'import' THEN 'cons' ELSE 'prod' END, x.hub_energy_wh, x.operator_energy_wh),
    ('autocons', x.hub_shared_wh, x.operator_shared_wh),
    (CASE x.flow WHEN 'import' THEN 'complement' ELSE 'surplus' END, x.hub_rest_wh, x.operator_rest_wh)
) AS r (result, hub_result_wh, operator_result_wh);

-- By local months that have ended, of members of all of one. What the hub knows of less than nine tenths of the awaited
-- steps is left out with all that would tell it: it would be a day, or an hour, of a person.
CREATE VIEW shown.result_residual WITH (security_barrier) AS
SELECT
    c.id AS community,
    r.month_start AS start,
    p.id AS point,
    r.flow::text AS flow,
    r.result,
    CASE WHEN k.is_known THEN r.hub_result_wh / 1000.0 END AS hub_result_kwh,
    r.operator_result_wh / 1000.0 AS operator_result_kwh,
    CASE WHEN k.is_known THEN r.result_residual_wh / 1000.0 END AS result_residual_kwh,
    r.present,
    r.expected,
    CASE WHEN k.is_known THEN r.result_apart_wh / 1000.0 END AS result_apart_kwh,
    r.cause
FROM public.viewer AS v
JOIN public.community AS c ON c.no = v.community_no
JOIN public.result_residual AS r ON r.community_no = c.no
JOIN public.point AS p ON p.no = r.point_no
CROSS JOIN LATERAL (SELECT r.present >= 0.9 * r.expected AS is_known) AS k
WHERE
    v.role_name = session_user AND r.month_end <= now()
    AND EXISTS (
        SELECT FROM public.membership AS s
        WHERE
            s.community_no = c.no AND s.point_no = p.no
            AND s.valid_from <= r.month_start AND s.valid_to >= r.month_end
    );

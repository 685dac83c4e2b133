-- What energy costs, to which groups points belong, and what is made of both every month: statements and equity.

-- A tariff of a community and from when to when it counts; the rule holds prices as text, so that none is rounded.
CREATE TABLE tariff (
    community_no int NOT NULL REFERENCES community,
    rule         jsonb NOT NULL,
    valid_from   timestamptz NOT NULL,
    valid_to     timestamptz NOT NULL CHECK (valid_to > valid_from),
    PRIMARY KEY (community_no, valid_from)
);

ALTER TABLE point ADD COLUMN groups text[] NOT NULL DEFAULT '{}';

-- What a point took, had and sold in a local month of a community, by its first day, and what that is worth. EUR are
-- exact; null where no tariff says them. Beside it how many flows of steps of the whole month are known, and how many
-- were awaited: null of who is no member any more. Points that are gone stand under their number while allocations do.
CREATE TABLE statement (
    community_no     int NOT NULL REFERENCES community ON DELETE CASCADE,
    month            date NOT NULL CHECK (extract(day FROM month) = 1),
    point_no         int NOT NULL,
    import_wh        bigint,
    allocated_wh     bigint,
    sold_wh          bigint,
    surplus_wh       bigint,
    saving_eur       numeric,
    revenue_eur      numeric,
    local_value_eur  numeric,
    retail_value_eur numeric,
    present          int NOT NULL,
    expected         int CHECK (expected >= greatest(present, 1)),
    PRIMARY KEY (community_no, month, point_no)
);
CREATE INDEX statement_point ON statement (point_no);

-- How evenly what was allocated is spread over members in a month, a season or a year, by its first and last month with
-- a statement: over all, over a category, over a group.
CREATE TABLE equity (
    community_no          int NOT NULL REFERENCES community ON DELETE CASCADE,
    period_kind           text NOT NULL CHECK (period_kind IN ('month', 'season', 'year')),
    period                text NOT NULL,
    first_month           date NOT NULL,
    last_month            date NOT NULL CHECK (last_month >= first_month),
    group_kind            text NOT NULL CHECK (group_kind IN ('all', 'category', 'group')),
    group_name            text NOT NULL CHECK ((group_kind = 'all') = (group_name = '')),
    members               int NOT NULL,
    consumption_wh        bigint NOT NULL,
    allocated_wh          bigint NOT NULL,
    saving_eur            numeric,
    jain                  double precision,
    gini                  double precision,
    min_max               double precision,
    autoproduction_p90_p10 double precision,
    share_against_need    double precision,
    parity                double precision,
    PRIMARY KEY (community_no, period_kind, period, group_kind, group_name)
);

-- Months whose statements are to be made anew, each some minutes after the first change. A worker that made one takes
-- it away only where `marks` is what it was before it read.
CREATE TABLE statement_due (
    community_no int NOT NULL REFERENCES community ON DELETE CASCADE,
    month        date NOT NULL CHECK (extract(day FROM month) = 1),
    marks        bigint NOT NULL DEFAULT 1,
    due_at       timestamptz NOT NULL,
    attempts     smallint NOT NULL DEFAULT 0,
    error        text,
    PRIMARY KEY (community_no, month)
);

-- What is settled already has statements too.
INSERT INTO statement_due (community_no, month, due_at)
SELECT c.no, m.month::date, now()
FROM community AS c
CROSS JOIN LATERAL (
    SELECT min(b.start) AS first_start, max(b.start) AS last_start FROM balance AS b WHERE b.community_no = c.no
) AS b
CROSS JOIN LATERAL generate_series(
    date_trunc('month', b.first_start AT TIME ZONE c.zone), b.last_start AT TIME ZONE c.zone, '1 month'
) AS m (month);

-- What sharing was worth to a community in a local month that is over, in EUR: null where a tariff is missing for any
-- of its points. With how much of what was awaited of them is known.
CREATE VIEW shown.value WITH (security_barrier) AS
SELECT
    c.id AS community,
    s.month::timestamp AT TIME ZONE c.zone AS start,
    CASE WHEN bool_and(s.allocated_wh IS NULL OR s.saving_eur IS NOT NULL) THEN sum(s.saving_eur) END AS saving_eur,
    CASE WHEN bool_and(coalesce(s.sold_wh, s.surplus_wh) IS NULL OR s.revenue_eur IS NOT NULL)
        THEN sum(s.revenue_eur)
    END AS revenue_eur,
    CASE WHEN bool_and(s.allocated_wh IS NULL OR s.local_value_eur IS NOT NULL)
        THEN trunc(sum(s.local_value_eur) / nullif(sum(s.retail_value_eur), 0), 6)::double precision
    END AS local_value_rate,
    trunc(sum(s.present) FILTER (WHERE s.expected > 0) / sum(s.expected)::numeric, 6)::double precision
        AS completeness
FROM public.statement AS s
JOIN public.community AS c ON c.no = s.community_no
JOIN public.viewer AS v ON v.community_no = c.no
WHERE v.role_name = session_user AND (s.month::timestamp + '1 month'::interval) AT TIME ZONE c.zone <= now()
GROUP BY c.id, c.zone, s.month;

-- How evenly a community shares in periods that are over: all its members, a category or a group, where these are three
-- or more: of two each knows the other.
CREATE VIEW shown.equity WITH (security_barrier) AS
SELECT
    c.id AS community,
    e.period_kind,
    e.period,
    e.first_month::timestamp AT TIME ZONE c.zone AS start,
    e.group_kind,
    e.group_name,
    e.members,
    e.jain,
    e.gini,
    e.min_max,
    e.autoproduction_p90_p10,
    e.share_against_need,
    e.parity
FROM public.equity AS e
JOIN public.community AS c ON c.no = e.community_no
JOIN public.viewer AS v ON v.community_no = c.no
WHERE
    v.role_name = session_user AND e.members >= 3
    AND (e.last_month::timestamp + '1 month'::interval) AT TIME ZONE c.zone <= now();

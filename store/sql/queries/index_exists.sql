-- Whether the operator told an index of a community's members in a span.
SELECT EXISTS (
    SELECT FROM operator_index AS x
    JOIN membership AS m ON m.point_no = x.point_no
    WHERE
        m.community_no = %(community_no)s
        AND x.at > %(start)s::timestamptz AND x.at <= %(end)s::timestamptz
        AND x.at >= m.valid_from AND x.at <= m.valid_to
)

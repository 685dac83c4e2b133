-- Every rule by which a community ever shared, and from when to when it applies by what is declared now.
SELECT
    v.no, v.rule,
    coalesce(
        array_agg(k.valid_from ORDER BY k.valid_from) FILTER (WHERE k.valid_from IS NOT NULL), '{}'
    ) AS sinces,
    coalesce(array_agg(k.valid_to ORDER BY k.valid_from) FILTER (WHERE k.valid_from IS NOT NULL), '{}') AS untils
FROM key_version AS v
LEFT JOIN sharing_key AS k ON k.community_no = v.community_no AND k.rule = v.rule
WHERE v.community_no = %(community_no)s
GROUP BY v.no
ORDER BY v.no

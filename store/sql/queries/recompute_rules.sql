-- The step and the sharing keys of a community, and before when its balances are kept as they are.
SELECT
    c.id, c.step_min, c.frozen_before, v.no AS key_no, k.rule::text AS rule,
    greatest(k.valid_from, '1900-01-01') AS valid_from,
    least(k.valid_to, '2200-01-01') AS valid_to
FROM community AS c
LEFT JOIN sharing_key AS k ON k.community_no = c.no
LEFT JOIN key_version AS v ON v.community_no = k.community_no AND v.rule = k.rule
WHERE c.no = %(community_no)s
ORDER BY k.valid_from

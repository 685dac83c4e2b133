-- Add or alter a metering point. What cannot be computed of the others any more, for their readings are gone, is not
-- begun with for a new one.
INSERT INTO point (id, holder_no, name, role, category, limit_w, groups, frozen_before)
SELECT
    %(id)s, h.no, %(name)s, %(role)s, %(category)s, %(limit_w)s, %(groups)s,
    (SELECT max(p.frozen_before) FROM point AS p)
FROM holder AS h
WHERE h.id = %(holder)s
ON CONFLICT (id) DO UPDATE
SET holder_no = excluded.holder_no, name = excluded.name, role = excluded.role, category = excluded.category,
    limit_w = excluded.limit_w, groups = excluded.groups

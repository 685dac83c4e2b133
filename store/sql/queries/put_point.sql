-- Add or alter a metering point.
INSERT INTO point (id, holder_no, name, role, category, limit_w)
SELECT %(id)s, h.no, %(name)s, %(role)s, %(category)s, %(limit_w)s FROM holder AS h WHERE h.id = %(holder)s
ON CONFLICT (id) DO UPDATE
SET holder_no = excluded.holder_no, name = excluded.name, role = excluded.role, category = excluded.category,
    limit_w = excluded.limit_w

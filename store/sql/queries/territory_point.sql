-- The metering points with their holders.
SELECT p.id, h.id, p.name, p.role, p.category, p.limit_w, p.groups
FROM point AS p
JOIN holder AS h ON h.no = p.holder_no
ORDER BY p.no

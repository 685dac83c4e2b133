-- What was computed for points, with what the operator's files say of them, and how many memberships they have.
SELECT
    (SELECT count(*) FROM interval WHERE point_no = ANY (%(points)s))
    + (SELECT count(*) FROM curve WHERE point_no = ANY (%(points)s))
    + (SELECT count(*) FROM operator_index WHERE point_no = ANY (%(points)s))
    + (SELECT count(*) FROM operator_result WHERE point_no = ANY (%(points)s)) AS intervals,
    (SELECT count(*) FROM allocation WHERE point_no = ANY (%(points)s))
    + (SELECT count(*) FROM allocation_revision WHERE point_no = ANY (%(points)s)) AS allocations,
    (SELECT count(*) FROM membership WHERE point_no = ANY (%(points)s)) AS memberships

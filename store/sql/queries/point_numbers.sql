-- Numbers of declared points, and before when each is kept as it is.
SELECT id, no, frozen_before FROM point WHERE id = ANY (%(points)s)

-- When series were first positive; a zero after that is an outage.
SELECT no AS series_no, first_positive_at FROM series WHERE no = ANY (%(series)s) AND first_positive_at IS NOT NULL

-- All readings, as simply as they can be asked for.
SELECT series_no, at, value FROM reading

-- Stage a batch of readings.
COPY incoming (series_no, at, value) FROM STDIN (FORMAT BINARY)

-- Store a batch in which every reading should be new; one that is not fails the batch.
COPY reading (series_no, at, value) FROM STDIN (FORMAT BINARY)

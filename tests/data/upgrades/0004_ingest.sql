-- A row in every table of ingestion.
INSERT INTO site VALUES ('home', 'tasmota', 'Europe/Paris', 'Home', '{"1": "grid"}');
INSERT INTO kept_message VALUES ('spBv1.0/g/NBIRTH/n', '\x08', '2026-01-01Z');
INSERT INTO listener VALUES ('hub', '2026-01-01Z', '2026-01-02Z', true, 1, 2, 3, 4, 5, 6, 7, 8.5, 9, 10);
INSERT INTO broker_session VALUES ('hub-2', 'hub');
UPDATE rejected_message SET retain = true;

-- How many messages are in quarantine.
SELECT count(*) FROM rejected_message

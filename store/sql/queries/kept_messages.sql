-- The last message on each topic that later messages cannot be read without, of those kept since an instant.
SELECT topic, payload FROM kept_message WHERE kept_at >= %(since)s ORDER BY kept_at

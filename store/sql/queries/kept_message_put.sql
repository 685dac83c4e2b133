-- Keep the last message on topics that later messages cannot be read without.
INSERT INTO kept_message (topic, payload)
SELECT topic, payload FROM unnest(%(topics)s::text[], %(payloads)s::bytea[]) AS k (topic, payload)
ORDER BY topic
ON CONFLICT (topic) DO UPDATE SET payload = excluded.payload, kept_at = now()

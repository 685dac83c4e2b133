-- The last message on each topic that later messages cannot be read without.
SELECT topic, payload FROM kept_message

-- What is in quarantine by topic (or device) and reason, the latest first.
SELECT topic, reason, sum(kept)::bigint, sum(times)::bigint, max(last_at) AS latest_at
FROM (
    SELECT topic, reason, 1 AS kept, times, last_at FROM rejected_message
    UNION ALL
    -- the reason of a reading names its value; its quantity is enough to sum up
    SELECT device, quantity || ' of a message that was otherwise kept, such as: ' || min(reason), count(*),
        sum(times), max(heard_at)
    FROM rejected_reading
    GROUP BY device, quantity
) AS refused
WHERE starts_with(topic, %(topic)s)
GROUP BY topic, reason
ORDER BY latest_at DESC, topic, reason

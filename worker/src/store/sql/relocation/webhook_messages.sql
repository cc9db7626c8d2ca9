-- Messages in the order of their changes, after change ?2 and, of those of the same one, after ?3: ids and subjects have 36 characters.
SELECT change || ' ' || endpoint_id || ' ' || subject || ' ' || seq AS id,
  json_array(endpoint_id, subject, seq, event, at, state, next_at, failed, attempts, change) AS message
FROM webhook_messages
WHERE tenant_id = ?1
  AND (change, endpoint_id, subject, seq) > (CAST(?2 AS INTEGER), substr(?3, 1, 36), substr(?3, 38, 36), CAST(substr(?3, 75) AS INTEGER))
ORDER BY change, endpoint_id, subject, seq
LIMIT ?4

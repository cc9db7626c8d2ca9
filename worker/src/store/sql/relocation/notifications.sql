-- Notifications in the order of their changes, after change ?2 and, of those of the same one, after ?3: a complaint's id has 36
-- characters, and the number of an event ten here.
SELECT change || ' ' || complaint_id || ' ' || printf('%010d', seq) || ' ' || rule AS id,
  json_array(complaint_id, seq, rule, event, channel, audience, at, status, reason, next_at, failed, attempts, request, change) AS message
FROM notifications
WHERE tenant_id = ?1
  AND (change, complaint_id, seq, rule) > (CAST(?2 AS INTEGER), substr(?3, 1, 36), CAST(substr(?3, 38, 10) AS INTEGER), substr(?3, 49))
ORDER BY change, complaint_id, seq, rule
LIMIT ?4

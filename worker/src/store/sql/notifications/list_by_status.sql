-- The same as `list.sql`, of status ?7 alone.
SELECT json_array(complaint_id, seq, rule, event, channel, audience, at, status, reason, next_at, failed, json(attempts)) AS doc
FROM notifications
WHERE tenant_id = ?1 AND status = ?7 AND (at, complaint_id, seq, rule) < (CAST(?2 AS INTEGER), ?3, CAST(?4 AS INTEGER), ?5)
ORDER BY at DESC, complaint_id DESC, seq DESC, rule DESC
LIMIT CAST(?6 AS INTEGER)

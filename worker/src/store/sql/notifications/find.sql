SELECT json_array(complaint_id, seq, rule, event, channel, audience, at, status, reason, next_at, failed, json(attempts)) AS doc
FROM notifications
WHERE tenant_id = ?1 AND complaint_id = ?2 AND seq = CAST(?3 AS INTEGER) AND rule = ?4

-- Notifications of a complaint as `store/notifications.rs` reads them, in the order of its events.
SELECT json_array(complaint_id, seq, rule, event, channel, audience, at, status, reason, next_at, failed, json(attempts)) AS doc
FROM notifications
WHERE tenant_id = ?1 AND complaint_id = ?2
ORDER BY seq, rule
LIMIT 1000

-- Notifications as `store/notifications.rs` reads them, the newest first, behind the place ?2, ?3, ?4, ?5.
SELECT json_array(complaint_id, seq, rule, event, channel, audience, at, status, reason, next_at, failed, json(attempts)) AS doc
FROM notifications
WHERE tenant_id = ?1 AND (at, complaint_id, seq, rule) < (CAST(?2 AS INTEGER), ?3, CAST(?4 AS INTEGER), ?5)
ORDER BY at DESC, complaint_id DESC, seq DESC, rule DESC
LIMIT CAST(?6 AS INTEGER)

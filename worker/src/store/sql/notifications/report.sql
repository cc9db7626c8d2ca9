-- What became of a mail that was sent, as somebody else reports it: status ?5, because of ?6. What has bounced stays so.
UPDATE notifications
SET status = ?5, reason = ?6, change = (SELECT max(change) FROM notifications WHERE tenant_id = ?1) + 1
WHERE tenant_id = ?1 AND complaint_id = ?2 AND seq = CAST(?3 AS INTEGER) AND rule = ?4 AND channel = 'email'
  AND (status = 'sent' OR (status = 'delivered' AND ?5 = 'bounced'))
RETURNING status AS doc

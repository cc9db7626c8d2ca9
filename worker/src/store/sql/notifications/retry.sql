-- Has a notification that was given up sent anew at ?5, unless request ?6 has done that before.
UPDATE notifications
SET status = 'queued', reason = '', next_at = CAST(?5 AS INTEGER), failed = 0, request = ?6,
  change = (SELECT max(change) FROM notifications WHERE tenant_id = ?1) + 1
WHERE tenant_id = ?1 AND complaint_id = ?2 AND seq = CAST(?3 AS INTEGER) AND rule = ?4
  AND status IN ('failed', 'bounced', 'skipped') AND request <> ?6

-- Has messages of ?3 to ?4 that are not to be sent anyway sent anew, the oldest first: some of them. With ?5 only what was not delivered.
UPDATE webhook_messages
SET state = 'pending', next_at = CAST(?6 AS INTEGER), failed = 0,
  change = (SELECT max(change) FROM webhook_messages WHERE tenant_id = ?1) + 1
WHERE tenant_id = ?1 AND endpoint_id = ?2 AND (subject, seq) IN (
  SELECT subject, seq FROM webhook_messages
  WHERE tenant_id = ?1 AND endpoint_id = ?2 AND at >= CAST(?3 AS INTEGER) AND at < CAST(?4 AS INTEGER)
    AND next_at IS NULL AND (?5 = '' OR state <> 'delivered')
  ORDER BY at, subject, seq
  LIMIT CAST(?7 AS INTEGER)
)

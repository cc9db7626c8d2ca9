-- Some notifications, of tenants that are not on the move, that are to be sent by ?1, the longest ago first. Until ?2 they are nobody
-- else's.
UPDATE notifications SET next_at = ?2
WHERE (tenant_id, complaint_id, seq, rule) IN (
  SELECT n.tenant_id, n.complaint_id, n.seq, n.rule FROM notifications n
  WHERE n.next_at <= ?1
    AND NOT EXISTS (SELECT 1 FROM tenant_holds h WHERE h.tenant_id = n.tenant_id)
    AND NOT EXISTS (SELECT 1 FROM tenant_arrivals a WHERE a.tenant_id = n.tenant_id)
  ORDER BY n.next_at
  LIMIT ?3
)
RETURNING tenant_id AS tenant, complaint_id AS complaint, seq, rule, event, channel, failed

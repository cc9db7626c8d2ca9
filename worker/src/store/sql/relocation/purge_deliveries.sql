DELETE FROM deliveries
WHERE tenant_id = ?1 AND EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) AND (complaint_id, seq, audience) IN (
  SELECT complaint_id, seq, audience FROM deliveries WHERE tenant_id = ?1 ORDER BY complaint_id, seq, audience LIMIT ?2
)
RETURNING 1 AS gone

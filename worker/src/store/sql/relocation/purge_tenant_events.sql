DELETE FROM tenant_events
WHERE tenant_id = ?1 AND EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) AND nr IN (
  SELECT nr FROM tenant_events WHERE tenant_id = ?1 ORDER BY nr LIMIT ?2
)
RETURNING 1 AS gone

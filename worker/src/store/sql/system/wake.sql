-- Some complaints of any tenant to which something has come by ?1, the longest ago first. Until ?2 they are nobody else's.
UPDATE complaints SET wake_at = ?2
WHERE place IN (
  SELECT place FROM complaints
  WHERE wake_at <= ?1 AND NOT EXISTS (SELECT 1 FROM tenant_holds h WHERE h.tenant_id = complaints.tenant_id)
  ORDER BY wake_at
  LIMIT ?3
)
RETURNING tenant_id AS tenant, id

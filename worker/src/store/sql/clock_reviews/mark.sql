-- The next ?2 complaints are to be looked at now.
UPDATE complaints SET wake_at = 0
WHERE tenant_id = ?1 AND id IN (
  SELECT c.id FROM complaints c
  WHERE c.tenant_id = ?1 AND c.id > (SELECT after FROM clock_reviews WHERE tenant_id = ?1)
  ORDER BY c.id
  LIMIT ?2
)

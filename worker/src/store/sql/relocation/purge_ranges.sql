DELETE FROM change_ranges
WHERE tenant_id = ?1 AND EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) AND first_number IN (
  SELECT first_number FROM change_ranges WHERE tenant_id = ?1 ORDER BY first_number LIMIT ?2
)
RETURNING 1 AS gone

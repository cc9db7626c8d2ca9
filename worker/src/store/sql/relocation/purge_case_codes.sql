DELETE FROM case_codes
WHERE tenant_id = ?1 AND EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) AND handle IN (
  SELECT handle FROM case_codes WHERE tenant_id = ?1 ORDER BY handle LIMIT ?2
)
RETURNING 1 AS gone

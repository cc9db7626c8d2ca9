DELETE FROM person_accounts
WHERE tenant_id = ?1 AND EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) AND (issuer, subject) IN (
  SELECT issuer, subject FROM person_accounts WHERE tenant_id = ?1 ORDER BY issuer, subject LIMIT ?2
)
RETURNING 1 AS gone

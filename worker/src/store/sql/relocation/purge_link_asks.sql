DELETE FROM link_asks
WHERE tenant_id = ?1 AND EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) AND (address, at, token) IN (
  SELECT address, at, token FROM link_asks WHERE tenant_id = ?1 ORDER BY address, at, token LIMIT ?2
)
RETURNING 1 AS gone

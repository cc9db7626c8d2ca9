DELETE FROM link_asks
WHERE tenant_id = ?1 AND (address, at, token) IN (
  SELECT address, at, token FROM link_asks WHERE tenant_id = ?1 AND at < ?2 ORDER BY at LIMIT 100
)

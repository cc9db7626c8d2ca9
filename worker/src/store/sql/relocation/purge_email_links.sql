DELETE FROM email_links
WHERE tenant_id = ?1 AND EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) AND token IN (
  SELECT token FROM email_links WHERE tenant_id = ?1 ORDER BY token LIMIT ?2
)
RETURNING 1 AS gone

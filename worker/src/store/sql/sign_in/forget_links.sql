DELETE FROM email_links
WHERE tenant_id = ?1 AND token IN (
  SELECT token FROM email_links WHERE tenant_id = ?1 AND expires_at < ?2 ORDER BY expires_at LIMIT 100
)

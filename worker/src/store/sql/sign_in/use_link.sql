-- Once.
UPDATE email_links SET used = 1, doc = ?3 WHERE tenant_id = ?1 AND token = ?2 AND used = 0 RETURNING '' AS doc

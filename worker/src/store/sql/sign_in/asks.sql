-- When address ?2 was asked for after ?3.
SELECT at || '' AS doc FROM link_asks WHERE tenant_id = ?1 AND address = ?2 AND at > ?3 ORDER BY at DESC LIMIT 20

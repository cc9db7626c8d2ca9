SELECT id || ' ' || version || ' ' || created_at || ' ' || updated_at || ' ' || fields AS doc
FROM views WHERE tenant_id = ?1 AND id = ?2

-- Those of ?2 that are open at ?3.
SELECT doc FROM sessions WHERE tenant_id = ?1 AND person_id = ?2 AND ends_at > ?3 ORDER BY ends_at DESC LIMIT 50

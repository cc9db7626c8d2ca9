SELECT c.version, c.doc, l.token AS lock_token, l.holder AS lock_holder, l.since AS lock_since, l.expires_at AS lock_expires_at
FROM complaints c
LEFT JOIN case_locks l ON l.tenant_id = ?1 AND l.complaint_id = ?2
WHERE c.tenant_id = ?1 AND c.id = ?2

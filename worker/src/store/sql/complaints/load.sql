-- For a command: the complaint, its lock, what the idempotency key did to it before, and the complaint that a link names.
SELECT
  c.doc,
  c.due_at,
  c.due_on,
  l.token AS lock_token,
  l.holder AS lock_holder,
  l.since AS lock_since,
  l.expires_at AS lock_expires_at,
  i.fingerprint,
  i.version,
  t.id IS NOT NULL AS target_exists,
  EXISTS (SELECT 1 FROM json_each(t.doc, '$.links') link WHERE link.value ->> 'complaint' = ?2) AS links_back
FROM (SELECT 1)
LEFT JOIN complaints c ON c.tenant_id = ?1 AND c.id = ?2
LEFT JOIN case_locks l ON l.tenant_id = ?1 AND l.complaint_id = ?2
LEFT JOIN idempotency i ON i.tenant_id = ?1 AND i.scope = ?2 AND i.key = ?3
LEFT JOIN complaints t ON t.tenant_id = ?1 AND t.id = ?4

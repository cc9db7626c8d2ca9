-- For a command: the complaint, its lock, what the idempotency key did to it before, and the complaint that a link names.
SELECT
  c.doc,
  l.token AS lock_token,
  l.holder AS lock_holder,
  l.since AS lock_since,
  l.expires_at AS lock_expires_at,
  i.fingerprint,
  i.version,
  t.id IS NOT NULL AS target_exists,
  EXISTS (
    SELECT 1 FROM complaint_facets f
    WHERE f.tenant_id = ?1 AND f.facet = 'linked_to' AND f.value = ?2 AND f.received_at = t.received_at
      AND f.complaint_id = ?4
  ) AS links_back
FROM (SELECT 1)
LEFT JOIN complaints c ON c.tenant_id = ?1 AND c.id = ?2
LEFT JOIN case_locks l ON l.tenant_id = ?1 AND l.complaint_id = ?2
LEFT JOIN idempotency i ON i.tenant_id = ?1 AND i.scope = ?2 AND i.key = ?3
LEFT JOIN complaints t ON t.tenant_id = ?1 AND t.id = ?4

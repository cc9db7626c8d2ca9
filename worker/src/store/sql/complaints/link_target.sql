-- Of a complaint ?2 that lies here: whether it is tied to ?3, which lies elsewhere.
SELECT EXISTS (
  SELECT 1 FROM complaint_facets f
  WHERE f.tenant_id = ?1 AND f.facet = 'linked_to' AND f.value = ?3 AND f.received_at = t.received_at
    AND f.complaint_id = ?2
) AS links_back
FROM complaints t
WHERE t.tenant_id = ?1 AND t.id = ?2

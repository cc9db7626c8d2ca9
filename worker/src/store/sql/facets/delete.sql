DELETE FROM complaint_facets
WHERE tenant_id = ?1 AND (facet, value) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?4))
  AND received_at = ?3 AND complaint_id = ?2

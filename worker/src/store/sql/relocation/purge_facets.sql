DELETE FROM complaint_facets
WHERE tenant_id = ?1 AND EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) AND (facet, value, received_at, complaint_id) IN (
  SELECT facet, value, received_at, complaint_id FROM complaint_facets WHERE tenant_id = ?1
  ORDER BY facet, value, received_at, complaint_id LIMIT ?2
)
RETURNING 1 AS gone

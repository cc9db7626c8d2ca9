DELETE FROM complaint_counts
WHERE tenant_id = ?1 AND EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) AND (facet, value) IN (
  SELECT facet, value FROM complaint_counts WHERE tenant_id = ?1 ORDER BY facet, value LIMIT ?2
)
RETURNING 1 AS gone

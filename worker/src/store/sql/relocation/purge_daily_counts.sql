DELETE FROM daily_counts
WHERE tenant_id = ?1 AND EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) AND (facet, day, value) IN (
  SELECT facet, day, value FROM daily_counts WHERE tenant_id = ?1 ORDER BY facet, day, value LIMIT ?2
)
RETURNING 1 AS gone

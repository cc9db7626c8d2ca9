SELECT facet, value, n FROM complaint_counts WHERE tenant_id = ?1

SELECT tenant_id AS id FROM clock_reviews WHERE from_at <= ?1 ORDER BY from_at LIMIT 1

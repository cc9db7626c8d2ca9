-- Of the days from ?2 to ?3; and of what is open, whenever it was received.
SELECT facet, day, value, n, open FROM daily_counts
WHERE tenant_id = ?1 AND facet = 'resolved' AND day >= ?2 AND day <= ?3
UNION ALL
SELECT facet, day, value, n, open FROM daily_counts
WHERE tenant_id = ?1 AND facet = 'received' AND (open > 0 OR day >= ?2 AND day <= ?3)

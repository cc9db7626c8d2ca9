-- Of the ?4 events after event ?3 that somebody is told of: nobody is told of an imported one.
SELECT seq, audience, event, status, recorded_at
FROM deliveries
WHERE tenant_id = ?1 AND complaint_id = ?2 AND seq > ?3 AND seq <= (
    SELECT max(seq) FROM (
        SELECT DISTINCT seq
        FROM deliveries
        WHERE tenant_id = ?1 AND complaint_id = ?2 AND seq > ?3
        ORDER BY seq
        LIMIT ?4
    )
)
ORDER BY seq, audience

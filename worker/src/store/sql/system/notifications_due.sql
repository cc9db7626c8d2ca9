-- Some notifications, of tenants that are not on the move, that are to be sent by ?1, the longest ago first; and, if one of them waits
-- for a digest, of the first such, with it, at most ?4 that wait for the same: what goes together is put off together, so it has the
-- same time. In one statement, for else two turns would each have a part of it. Until ?2 they are nobody else's.
UPDATE notifications SET next_at = ?2
WHERE (tenant_id, complaint_id, seq, rule) IN (
  -- From a SELECT of its own, for SQLite looks up no rows by what is put together.
  SELECT tenant_id, complaint_id, seq, rule FROM (
    WITH head AS (
      SELECT n.tenant_id, n.complaint_id, n.seq, n.rule, n.next_at, n.reason FROM notifications n
      WHERE n.next_at <= ?1
        AND NOT EXISTS (SELECT 1 FROM tenant_holds h WHERE h.tenant_id = n.tenant_id)
        AND NOT EXISTS (SELECT 1 FROM tenant_arrivals a WHERE a.tenant_id = n.tenant_id)
      ORDER BY n.next_at
      LIMIT ?3
    )
    SELECT tenant_id, complaint_id, seq, rule FROM head WHERE reason <> 'digest'
    UNION ALL
    SELECT tenant_id, complaint_id, seq, rule FROM (
      SELECT n.tenant_id, n.complaint_id, n.seq, n.rule
      FROM (SELECT tenant_id, rule, next_at FROM head WHERE +reason = 'digest' ORDER BY next_at, tenant_id, rule LIMIT 1) d
      CROSS JOIN notifications n
      WHERE n.next_at = d.next_at AND n.tenant_id = d.tenant_id AND n.rule = d.rule AND n.reason = 'digest'
      LIMIT ?4
    )
    LIMIT ?3 + ?4
  )
)
RETURNING tenant_id AS tenant, complaint_id AS complaint, seq, rule, event, channel, at, reason, failed

-- Comes right after the statement it tells of, or after the record of that, and tells of it only if that changed something.
INSERT INTO tenant_events (tenant_id, nr, at, actor, event)
SELECT ?1, (SELECT coalesce(max(nr), 0) + 1 FROM tenant_events WHERE tenant_id = ?1), ?2, ?3, ?4 WHERE changes() > 0

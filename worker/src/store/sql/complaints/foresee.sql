-- ?6, ?7: what a list shows and what filters find it by, where something else is due next.
UPDATE complaints
SET wake_at = ?3, due_at = ?4, due_on = ?5, summary = ?6, labels = CASE WHEN labels IS NULL THEN NULL ELSE ?7 END
WHERE tenant_id = ?1 AND id = ?2

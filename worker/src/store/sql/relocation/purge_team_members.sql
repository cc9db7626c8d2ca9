DELETE FROM team_members
WHERE tenant_id = ?1 AND EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) AND (team_id, person_id) IN (
  SELECT team_id, person_id FROM team_members WHERE tenant_id = ?1 ORDER BY team_id, person_id LIMIT ?2
)
RETURNING 1 AS gone

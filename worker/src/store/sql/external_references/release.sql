-- ?4 is the claim that is meant; NULL: whichever.
DELETE FROM external_references
WHERE tenant_id = ?1 AND external_reference = ?2 AND complaint_id = ?3 AND claimed_by = coalesce(?4, claimed_by)
  AND NOT EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1)

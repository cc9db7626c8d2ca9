-- It keeps its place unless it was received in another second than was thought. ?9: the words that have come. What is not
-- indexed yet stays so until all of it is. ?10: its likeness, if that may have changed. ?12, ?13, ?14: what
-- lies ahead of it.
UPDATE complaints
SET external_reference = ?3, received_at = ?4, version = ?5, doc = ?6, summary = ?7,
  place = CASE WHEN place & -2147483648 = CAST(?8 AS INTEGER) & -2147483648 THEN place ELSE CAST(?8 AS INTEGER) END,
  words = CASE WHEN labels IS NULL THEN words ELSE words || ?9 END,
  likeness = coalesce(?10, likeness), labels = CASE WHEN labels IS NULL THEN NULL ELSE ?11 END, due_at = ?12, due_on = ?13,
  wake_at = ?14
WHERE tenant_id = ?1 AND id = ?2

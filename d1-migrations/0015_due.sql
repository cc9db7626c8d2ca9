-- The last moment of what the law wants of a complaint next, and its day where the complaint is: shared::clock::due. NULL:
-- nothing, or it was written before there was this.
ALTER TABLE complaints ADD COLUMN due_at INTEGER;
ALTER TABLE complaints ADD COLUMN due_on TEXT;

-- Days go by: one on which nothing is due any more leaves nothing behind.
CREATE TRIGGER forget_due_day AFTER UPDATE OF n ON complaint_counts
WHEN NEW.facet = 'due' AND NEW.n = 0
BEGIN
  DELETE FROM complaint_counts WHERE tenant_id = NEW.tenant_id AND facet = NEW.facet AND value = NEW.value;
END;

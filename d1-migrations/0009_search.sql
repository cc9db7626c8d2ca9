-- One full-text index for search and for every filtered list, in the order of lists.

CREATE TABLE placed_complaints (
  -- Where it stands in lists: shared::search::place. The index knows it by this number.
  place              INTEGER PRIMARY KEY,
  tenant_id          TEXT NOT NULL,
  id                 TEXT NOT NULL,
  reference          TEXT NOT NULL,
  external_reference TEXT,
  received_at        INTEGER NOT NULL,
  version            INTEGER NOT NULL,
  -- What a list shows, as JSON: shared::complaint::projection::Summary.
  summary            TEXT NOT NULL,
  -- What a read answers, as JSON: shared::complaint::Complaint.
  doc                TEXT NOT NULL,
  -- The idempotency key that created it goes with it wherever it moves.
  created_by_key     TEXT,
  -- Tokens of shared::search::index: what was said in it, what complaints that are like it share, and what filters find it
  -- by. NULL: not indexed yet.
  words              TEXT NOT NULL,
  likeness           TEXT NOT NULL,
  labels             TEXT
) STRICT;
INSERT INTO placed_complaints
  (place, tenant_id, id, reference, external_reference, received_at, version, summary, doc, created_by_key, words, likeness, labels)
SELECT ((received_at - CASE WHEN received_at < 0 THEN 999 ELSE 0 END) / 1000 << 31)
    + row_number() OVER (PARTITION BY (received_at - CASE WHEN received_at < 0 THEN 999 ELSE 0 END) / 1000 ORDER BY id),
  tenant_id, id, reference, external_reference, received_at, version, summary, doc, created_by_key, '', '', NULL
FROM complaints;
DROP TABLE complaints;
ALTER TABLE placed_complaints RENAME TO complaints;
CREATE UNIQUE INDEX complaints_id ON complaints (tenant_id, id);
CREATE UNIQUE INDEX complaints_reference ON complaints (tenant_id, reference);
CREATE INDEX complaints_not_indexed ON complaints (tenant_id, id) WHERE labels IS NULL;

-- Tokens are made by the Worker, apart by spaces. columnsize: sizes are needed for ranking by SQLite only.
CREATE VIRTUAL TABLE complaint_words USING fts5 (
  words, likeness, labels, content = 'complaints', content_rowid = 'place', columnsize = 0, tokenize = "ascii tokenchars '_'"
);
-- The words of the index, to find those with a beginning.
CREATE VIRTUAL TABLE complaint_vocabulary USING fts5vocab (complaint_words, instance);

CREATE TRIGGER index_new_complaint AFTER INSERT ON complaints
WHEN NEW.labels IS NOT NULL
BEGIN
  INSERT INTO complaint_words (rowid, words, likeness, labels) VALUES (NEW.place, NEW.words, NEW.likeness, NEW.labels);
END;
CREATE TRIGGER index_complaint AFTER UPDATE OF place, words, likeness, labels ON complaints
WHEN (OLD.place, OLD.words, OLD.likeness, OLD.labels) IS NOT (NEW.place, NEW.words, NEW.likeness, NEW.labels)
BEGIN
  INSERT INTO complaint_words (complaint_words, rowid, words, likeness, labels)
  SELECT 'delete', OLD.place, OLD.words, OLD.likeness, OLD.labels WHERE OLD.labels IS NOT NULL;
  INSERT INTO complaint_words (rowid, words, likeness, labels)
  SELECT NEW.place, NEW.words, NEW.likeness, NEW.labels WHERE NEW.labels IS NOT NULL;
END;
CREATE TRIGGER forget_complaint AFTER DELETE ON complaints
WHEN OLD.labels IS NOT NULL
BEGIN
  INSERT INTO complaint_words (complaint_words, rowid, words, likeness, labels)
  VALUES ('delete', OLD.place, OLD.words, OLD.likeness, OLD.labels);
END;

DROP TABLE complaint_facets;

-- Counted from now on besides the states.
INSERT INTO complaint_counts (tenant_id, facet, value, n)
SELECT tenant_id, 'product', doc ->> 'product', count(*) FROM complaints WHERE doc ->> 'product' IS NOT NULL GROUP BY 1, 3;
INSERT INTO complaint_counts (tenant_id, facet, value, n)
SELECT tenant_id, 'assignee', doc ->> 'assignee', count(*) FROM complaints WHERE doc ->> 'assignee' IS NOT NULL GROUP BY 1, 3;
INSERT INTO complaint_counts (tenant_id, facet, value, n)
SELECT tenant_id, 'team', doc ->> 'team', count(*) FROM complaints WHERE doc ->> 'team' IS NOT NULL GROUP BY 1, 3;

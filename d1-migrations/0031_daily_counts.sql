-- How many complaints were received and resolved on which day: what `GET /v1/statistics` adds up. See shared/src/statistics.rs.

-- Facet `received`, of the day of receipt: the value is the product, or nothing; `open` of them are open now. Facet `resolved`, of the
-- day on which that was said to the complainant: the value is product, outcome, days that it took in bands, and root cause, apart by
-- spaces. A complaint is counted as it stands.
CREATE TABLE daily_counts (
  tenant_id TEXT NOT NULL,
  facet     TEXT NOT NULL,
  day       TEXT NOT NULL,
  value     TEXT NOT NULL,
  n         INTEGER NOT NULL,
  open      INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, facet, day, value)
) STRICT, WITHOUT ROWID;

-- Where none is left, nothing stays behind.
CREATE TRIGGER forget_daily_count AFTER UPDATE OF n ON daily_counts
WHEN NEW.n = 0
BEGIN
  DELETE FROM daily_counts
  WHERE tenant_id = NEW.tenant_id AND facet = NEW.facet AND day = NEW.day AND value = NEW.value;
END;

-- What a complaint was and what it is now, as JSON; NULL where it was or is not there.
CREATE VIEW dated_complaints AS SELECT '' AS tenant_id, '' AS old_doc, '' AS doc;

CREATE TRIGGER count_days INSTEAD OF INSERT ON dated_complaints
BEGIN
  INSERT INTO daily_counts (tenant_id, facet, day, value, n, open)
  SELECT NEW.tenant_id, facet, day, value, sum(n), sum(open)
  FROM (
    SELECT 'received' AS facet, substr(doc ->> 'received_at', 1, 10) AS day, coalesce(doc ->> 'product', '') AS value,
      n, n * (doc ->> 'state' NOT IN ('resolved', 'closed', 'withdrawn', 'referred')) AS open
    FROM (SELECT -1 AS n, NEW.old_doc AS doc UNION ALL SELECT 1, NEW.doc)
    UNION ALL
    SELECT 'resolved', day,
      coalesce(doc ->> 'product', '') || ' ' || (doc ->> '$.resolution.outcome') || ' ' || CASE
        WHEN julianday(day) - julianday(received) <= 3 THEN '0_3'
        WHEN julianday(day) - julianday(received) <= 14 THEN '4_14'
        WHEN julianday(day) - julianday(received) <= 28 THEN '15_28'
        WHEN julianday(day) - julianday(received) <= 56 THEN '29_56'
        ELSE '57'
      END || ' ' || coalesce(doc ->> 'root_cause', ''),
      n, 0
    FROM (
      SELECT n, doc, substr(doc ->> 'received_at', 1, 10) AS received,
        substr(coalesce(doc ->> '$.resolution.sent_at', doc ->> '$.resolution.at'), 1, 10) AS day
      FROM (SELECT -1 AS n, NEW.old_doc AS doc UNION ALL SELECT 1, NEW.doc)
    )
  )
  WHERE day IS NOT NULL AND value IS NOT NULL
  GROUP BY facet, day, value
  HAVING sum(n) <> 0 OR sum(open) <> 0
  ON CONFLICT (tenant_id, facet, day, value) DO UPDATE SET n = n + excluded.n, open = open + excluded.open;
END;

CREATE TRIGGER count_days_of_new AFTER INSERT ON complaints
BEGIN
  INSERT INTO dated_complaints (tenant_id, old_doc, doc) VALUES (NEW.tenant_id, NULL, NEW.doc);
END;
CREATE TRIGGER count_days_of_other AFTER UPDATE OF doc ON complaints
BEGIN
  INSERT INTO dated_complaints (tenant_id, old_doc, doc) VALUES (NEW.tenant_id, OLD.doc, NEW.doc);
END;
CREATE TRIGGER count_days_of_none AFTER DELETE ON complaints
BEGIN
  INSERT INTO dated_complaints (tenant_id, old_doc, doc) VALUES (OLD.tenant_id, OLD.doc, NULL);
END;

-- Those that are there.
INSERT INTO dated_complaints (tenant_id, old_doc, doc) SELECT tenant_id, NULL, doc FROM complaints;

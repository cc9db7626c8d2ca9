-- Whoever may not see some complaints has them counted neither: of complaints with labels all is counted once more, by their labels, and
-- taken off for who does not hold them. See shared/src/complaint/counts.rs, and `hidden_from` of shared/src/search/index.rs.

-- By the labels, with `+` between them, the facet and the value.
INSERT INTO complaint_counts (tenant_id, facet, value, n)
WITH labelled AS (
  SELECT tenant_id, (SELECT group_concat(value, '+') FROM json_each(sensitivity)) AS labels, doc, due_on
  FROM complaints
  WHERE instr(summary, '"sensitivity":') > 0
)
SELECT tenant_id, 'labelled', labels || ' ' || facet || ' ' || value, count(*)
FROM (
  SELECT tenant_id, labels, facet.value AS facet, doc ->> facet.value AS value
  FROM labelled
  CROSS JOIN json_each('["state","product","assignee","team"]') AS facet
  UNION ALL
  SELECT tenant_id, labels, 'due', due_on FROM labelled
  UNION ALL
  SELECT tenant_id, labels, 'assignee', '' FROM labelled
  WHERE doc ->> 'assignee' IS NULL AND doc ->> 'state' NOT IN ('resolved', 'closed', 'withdrawn', 'referred')
)
WHERE value IS NOT NULL
GROUP BY 1, 2, 3;

-- Of open complaints is counted how many nobody works on, under the empty name.
INSERT INTO complaint_counts (tenant_id, facet, value, n)
SELECT tenant_id, 'assignee', '', count(*)
FROM complaints
WHERE doc ->> 'assignee' IS NULL AND doc ->> 'state' NOT IN ('resolved', 'closed', 'withdrawn', 'referred')
GROUP BY tenant_id;

-- For lists and views, in the index: it is written anew for these and for those with labels, in the background.
UPDATE complaints SET labels = NULL
WHERE instr(summary, '"sensitivity":') > 0
  OR doc ->> 'assignee' IS NULL AND doc ->> 'state' NOT IN ('resolved', 'closed', 'withdrawn', 'referred');

-- By the day: what has labels is counted under `received` and `resolved`, and under each with a space and its labels, a JSON list.
DROP TRIGGER count_days;
CREATE TRIGGER count_days INSTEAD OF INSERT ON dated_complaints
BEGIN
  INSERT INTO daily_counts (tenant_id, facet, day, value, n, open)
  SELECT NEW.tenant_id, facet || CASE apart WHEN 1 THEN ' ' || labels ELSE '' END, day, value, sum(n), sum(open)
  FROM (
    SELECT 'received' AS facet, labels, substr(doc ->> 'received_at', 1, 10) AS day, coalesce(doc ->> 'product', '') AS value,
      n, n * (doc ->> 'state' NOT IN ('resolved', 'closed', 'withdrawn', 'referred')) AS open
    FROM (
      SELECT -1 AS n, NEW.old_doc AS doc, NEW.old_doc ->> 'sensitivity' AS labels
      UNION ALL
      SELECT 1, NEW.doc, NEW.doc ->> 'sensitivity'
    )
    UNION ALL
    SELECT 'resolved', labels, day,
      coalesce(doc ->> 'product', '') || ' ' || (doc ->> '$.resolution.outcome') || ' ' || CASE
        WHEN julianday(day) - julianday(received) <= 3 THEN '0_3'
        WHEN julianday(day) - julianday(received) <= 14 THEN '4_14'
        WHEN julianday(day) - julianday(received) <= 28 THEN '15_28'
        WHEN julianday(day) - julianday(received) <= 56 THEN '29_56'
        ELSE '57'
      END || ' ' || coalesce(doc ->> 'root_cause', ''),
      n, 0
    FROM (
      SELECT n, doc, labels, substr(doc ->> 'received_at', 1, 10) AS received,
        substr(coalesce(doc ->> '$.resolution.sent_at', doc ->> '$.resolution.at'), 1, 10) AS day
      FROM (
        SELECT -1 AS n, NEW.old_doc AS doc, NEW.old_doc ->> 'sensitivity' AS labels
        UNION ALL
        SELECT 1, NEW.doc, NEW.doc ->> 'sensitivity'
      )
    )
  )
  CROSS JOIN (SELECT 0 AS apart UNION ALL SELECT 1)
  WHERE day IS NOT NULL AND value IS NOT NULL AND (apart = 0 OR labels IS NOT NULL)
  GROUP BY 2, day, value
  HAVING sum(n) <> 0 OR sum(open) <> 0
  ON CONFLICT (tenant_id, facet, day, value) DO UPDATE SET n = n + excluded.n, open = open + excluded.open;
END;

-- What is new and has labels is counted with them.
DROP TRIGGER count_days_of_received;
CREATE TRIGGER count_days_of_received AFTER INSERT ON complaints
WHEN NEW.version = 1 AND NEW.doc ->> 'received_at' IS NOT NULL AND instr(NEW.summary, '"sensitivity":') = 0
BEGIN
  INSERT INTO daily_counts (tenant_id, facet, day, value, n, open)
  VALUES (NEW.tenant_id, 'received', substr(NEW.doc ->> 'received_at', 1, 10), coalesce(NEW.doc ->> 'product', ''), 1, 1)
  ON CONFLICT (tenant_id, facet, day, value) DO UPDATE SET n = n + 1, open = open + 1;
END;
DROP TRIGGER count_days_of_new;
CREATE TRIGGER count_days_of_new AFTER INSERT ON complaints
WHEN NEW.version <> 1 OR instr(NEW.summary, '"sensitivity":') > 0
BEGIN
  INSERT INTO dated_complaints (tenant_id, old_doc, doc) VALUES (NEW.tenant_id, NULL, NEW.doc);
END;

-- Those that are there: the rest counts them already.
INSERT INTO dated_complaints (tenant_id, old_doc, doc)
SELECT tenant_id, json_remove(doc, '$.sensitivity'), doc FROM complaints WHERE instr(summary, '"sensitivity":') > 0;

-- Where a tenant has no counters, a new complaint is not even handed to them.
DROP TRIGGER count_new_complaint;
CREATE TRIGGER count_new_complaint AFTER INSERT ON complaints
WHEN NEW.labels IS NOT NULL AND EXISTS (SELECT 1 FROM counters WHERE tenant_id = NEW.tenant_id)
BEGIN
  INSERT INTO counted_complaints (tenant_id, place, received_at, labels)
  VALUES (NEW.tenant_id, NEW.place, NEW.received_at, NEW.labels);
END;

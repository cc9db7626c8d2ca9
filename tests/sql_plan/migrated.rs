//! What a migration makes of data that is there.

use crate::catalogue::migrations;
use rusqlite::Connection;

/// A database with the migrations before `name`, then `rows`, then that one and all later ones.
fn migrated(name: &str, rows: &str) -> Connection {
    let database = Connection::open_in_memory().expect("SQLite opens in memory");
    let (before, after): (Vec<_>, Vec<_>) = migrations().into_iter().partition(|(file, _)| file.as_str() < name);
    assert!(after.first().is_some_and(|(file, _)| file.starts_with(name)), "there is {name}");
    let apply = |sql: &str| database.execute_batch(sql).expect("it applies");
    before.iter().for_each(|(_, sql)| apply(sql));
    apply(rows);
    after.iter().for_each(|(_, sql)| apply(sql));
    database
}

fn rows(database: &Connection, sql: &str) -> Vec<String> {
    let mut query = database.prepare(sql).expect("it can be asked");
    let found = query.query_map([], |row| row.get(0)).expect("it answers");
    found.map(|row| row.expect("a text")).collect()
}

#[test]
fn events_that_are_there_are_in_the_order_of_commits() {
    let database = migrated(
        "0008",
        "INSERT INTO events (tenant_id, complaint_id, seq, at, body, hash) VALUES
           ('t', '018bcfe5-6800-7303-8303-030303030301', 1, 9, '{}', ''),
           ('t', '018bcfe5-6800-7303-8303-03030303033f', 1, 8, '{}', ''),
           ('u', '018bcfe5-6800-7303-8303-030303030301', 1, 7, '{}', ''),
           ('t', '018bcfe5-6800-7303-8303-0303030303e1', 1, 6, '{}', ''),
           ('t', '018bcfe5-6800-7303-8303-030303030301', 2, 5, '{}', ''),
           ('t', '018bcfe5-6800-7303-8303-030303030310', 1, 4, '{}', '');",
    );
    let numbered = "SELECT tenant_id || ' ' || substr(complaint_id, -2) || ' ' || seq || ' ' || slot || ':' || position FROM events
        ORDER BY rowid";
    assert_eq!(
        rows(&database, numbered),
        ["t 01 1 1:1", "t 3f 1 31:1", "u 01 1 1:1", "t e1 1 1:2", "t 01 2 1:3", "t 10 1 16:1"]
    );
}

#[test]
fn complaints_of_one_shard_become_those_of_several() {
    let database = migrated(
        "0004",
        "INSERT INTO complaints (tenant_id, id, reference, external_reference, received_at, version, doc, summary) VALUES
           ('t', 'a', 'A', 'CRM-1', 1, 2, '{}', '{}'), ('t', 'b', 'B', NULL, 2, 1, '{}', '{}'), ('u', 'c', 'C', 'CRM-1', 3, 1, '{}', '{}');
         INSERT INTO complaint_facets (tenant_id, facet, value, received_at, complaint_id) VALUES
           ('t', 'state', 'acknowledged', 1, 'a'), ('t', 'channel', 'web', 1, 'a'),
           ('t', 'state', 'received', 2, 'b'), ('u', 'state', 'received', 3, 'c');
         INSERT INTO idempotency (tenant_id, key, fingerprint, complaint_id, version, created_at) VALUES
           ('t', 'k1', 'f', 'a', 1, 1), ('t', 'k2', 'f', 'a', 2, 2), ('t', 'k3', 'f', 'b', 1, 3), ('u', 'k1', 'f', 'c', 1, 4);
         INSERT INTO events (tenant_id, complaint_id, seq, at, body, hash) VALUES ('t', 'a', 1, 1, '{}', '');",
    );
    let claims = "SELECT tenant_id || external_reference || complaint_id FROM external_references ORDER BY 1";
    assert_eq!(rows(&database, claims), ["tCRM-1a", "uCRM-1c"]);
    let counts = "SELECT tenant_id || ' ' || facet || ' ' || value || ' ' || n FROM complaint_counts ORDER BY 1";
    assert_eq!(rows(&database, counts), ["t state acknowledged 1", "t state received 1", "u state received 1"]);
    let keys = "SELECT tenant_id || '/' || scope || '/' || key || '/' || complaint_id FROM idempotency ORDER BY 1";
    assert_eq!(rows(&database, keys), ["t//k1/a", "t//k3/b", "t/a/k2/a", "u//k1/c"]);
    let created = "SELECT tenant_id || id || created_by_key FROM complaints ORDER BY 1";
    assert_eq!(rows(&database, created), ["tak1", "tbk3", "uck1"]);
}

#[test]
fn complaints_get_places_and_wait_to_be_indexed() {
    let database = migrated(
        "0009",
        "INSERT INTO complaints (tenant_id, id, reference, received_at, version, doc, summary, created_by_key) VALUES
           ('t', 'b', 'B', 1790000000999, 2, '{\"product\":\"mortgage\",\"assignee\":\"ann\",\"team\":null}', '{}', 'k'),
           ('t', 'a', 'A', 1790000000001, 1, '{\"product\":\"mortgage\"}', '{}', 'l'),
           ('u', 'c', 'C', -1, 1, '{}', '{}', 'm');
         INSERT INTO complaint_facets (tenant_id, facet, value, received_at, complaint_id) VALUES ('t', 'state', 'received', 1, 'a');",
    );
    let placed = "SELECT id || ' ' || (place >> 31) || ' ' || (place & 2147483647) || ' ' || created_by_key FROM complaints ORDER BY place";
    assert_eq!(rows(&database, placed), ["c -1 1 m", "a 1790000000 1 l", "b 1790000000 2 k"]);
    let counts = "SELECT tenant_id || ' ' || facet || ' ' || value || ' ' || n FROM complaint_counts ORDER BY 1";
    assert_eq!(rows(&database, counts), ["t assignee ann 1", "t product mortgage 2"]);
    let found = "SELECT id FROM complaint_words w CROSS JOIN complaints c WHERE c.place = w.rowid AND complaint_words MATCH 'fee' ORDER BY 1";
    assert!(rows(&database, found).is_empty());
    let change = |sql: &str| database.execute_batch(sql).expect("it changes");
    change("UPDATE complaints SET words = words || 'late', labels = NULL WHERE id = 'a'");
    change("UPDATE complaints SET words = 'fee', labels = 'all' WHERE id IN ('a', 'b')");
    assert_eq!(rows(&database, found), ["a", "b"]);
    change("UPDATE complaints SET words = words || ' charge', place = place + 7 WHERE id = 'a'");
    change("UPDATE complaints SET labels = NULL WHERE id = 'b'");
    assert_eq!(rows(&database, found), ["a"]);
    assert_eq!(rows(&database, &found.replace("fee", "charge")), ["a"]);
    change("DELETE FROM complaints WHERE id = 'a'");
    assert!(rows(&database, found).is_empty());
    change("INSERT INTO complaint_words (complaint_words) VALUES ('integrity-check')");
}

#[test]
fn the_clocks_of_complaints_that_are_there_are_looked_at() {
    let database = migrated(
        "0018",
        "INSERT INTO complaint_counts (tenant_id, facet, value, n) VALUES
           ('t', 'state', 'received', 2), ('t', 'product', 'mortgage', 1), ('u', 'state', 'closed', 1);",
    );
    let reviews = "SELECT tenant_id || ' ' || from_at || ' ' || after FROM clock_reviews ORDER BY 1";
    assert_eq!(rows(&database, reviews), ["t 0 ", "u 0 "]);
}

#[test]
fn complaints_that_are_there_are_counted_for_who_may_not_see_them() {
    let logged = |place: u8, sensitivity: &str, rest: &str| {
        let labels = if sensitivity.is_empty() { String::new() } else { format!(r#","sensitivity":{sensitivity}"#) };
        format!(
            "INSERT INTO complaints
               (place, tenant_id, id, reference, received_at, version, doc, summary, words, likeness, labels, due_at, due_on)
             VALUES ({place}, 't', '{place}', 'R{place}', {place}, 2,
               '{{\"received_at\":\"2026-05-01T09:00:00.000Z\",\"product\":\"loan\"{labels}{rest}}}', '{{\"id\":\"{place}\"{labels}}}',
               '', '', 'code_all', 7, '2026-06-26');"
        )
    };
    let all = [
        logged(1, "", r#","state":"received""#),
        logged(2, r#"["staff","vip"]"#, r#","state":"received""#),
        logged(
            3,
            r#"["vip"]"#,
            r#","state":"closed","assignee":"ann","resolution":{"outcome":"upheld","at":"2026-05-03T09:00:00.000Z"}"#,
        ),
    ]
    .concat();
    let (later, new) = (migrated("0035", &all), migrated("0035", ""));
    new.execute_batch(&all).expect("they are logged");
    let days = "SELECT facet || ' ' || day || ' ' || value || n || open FROM daily_counts ORDER BY 1";
    assert_eq!(rows(&later, days), rows(&new, days));
    assert_eq!(
        rows(&later, days),
        [
            r#"received 2026-05-01 loan32"#,
            r#"received ["staff","vip"] 2026-05-01 loan11"#,
            r#"received ["vip"] 2026-05-01 loan10"#,
            "resolved 2026-05-03 loan upheld 0_3 10",
            r#"resolved ["vip"] 2026-05-03 loan upheld 0_3 10"#,
        ]
    );
    let counts = "SELECT facet || ' ' || value || ' ' || n FROM complaint_counts ORDER BY 1";
    assert_eq!(
        rows(&later, counts),
        [
            "assignee  2",
            "labelled staff+vip assignee  1",
            "labelled staff+vip due 2026-06-26 1",
            "labelled staff+vip product loan 1",
            "labelled staff+vip state received 1",
            "labelled vip assignee ann 1",
            "labelled vip due 2026-06-26 1",
            "labelled vip product loan 1",
            "labelled vip state closed 1",
        ]
    );
    assert_eq!(rows(&later, "SELECT id FROM complaints WHERE labels IS NOT NULL"), Vec::<String>::new());
}

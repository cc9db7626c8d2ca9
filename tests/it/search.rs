//! Finding complaints by what was said in them.

use crate::{
    client::{Answer, Client, unused},
    firm::{Firm, complaint, position},
    import::{NDJSON, import},
    own_stack::{database, operator, own_stack},
};
use serde_json::{Value, json};
use std::{cmp::Reverse, collections::BTreeSet};
use xtask::checkout::root;

fn search(api: &Client, q: &str, filters: &str) -> Answer {
    let mut encoded = String::new();
    for byte in q.bytes() {
        encoded.push_str(&format!("%{byte:02X}"));
    }
    api.get(&format!("/v1/complaints?limit=200&q={encoded}{filters}"))
}

fn found(api: &Client, q: &str) -> BTreeSet<String> {
    ids(&search(api, q, "").expect(200)).into_iter().collect()
}

fn ids(page: &Answer) -> Vec<String> {
    page.data().iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
}

fn path(logged: &Answer) -> String {
    format!("/v1/complaints/{}", logged.id())
}

fn d1_calls(answer: &Answer) -> u32 {
    let cost = answer.header("redress-cost").expect("the stack of tests says what an answer costs");
    cost.split(';').find_map(|part| part.strip_prefix("d1=")?.parse().ok()).expect("a number of calls")
}

#[test]
fn words_phrases_beginnings_and_operators_find_what_they_mean() {
    let firm = Firm::new();
    let log = |description: &str| firm.log(json!({ "description": description })).id().to_owned();
    let late = log("A late fee of £25 was charged on my Café Crème card, twice.");
    let refund = log("They refused the refund. I don't accept it: refunds take five days, not fifty.");
    let plain = log("The card was declined at the café although there was money.");
    let other = log("Straße gesperrt, 銀行口座 wurde ohne Grund gekündigt.");
    let all = BTreeSet::from([&late, &refund, &plain, &other].map(Clone::clone));
    let are = |of: &[&String]| -> BTreeSet<String> { of.iter().map(|id| (*id).clone()).collect() };
    for (q, expected) in [
        ("fee", are(&[&late])),
        ("FEE", are(&[&late])),
        ("cafe", are(&[&late, &plain])),
        ("CAFÉ card", are(&[&late, &plain])),
        ("\"late fee\"", are(&[&late])),
        ("\"fee late\"", are(&[])),
        ("fee late", are(&[&late])),
        ("refun*", are(&[&refund])),
        ("ref* OR declin*", are(&[&refund, &plain])),
        ("card NOT declined", are(&[&late])),
        ("card -declined", are(&[&late])),
        ("NOT card", are(&[&refund, &other])),
        ("(fee OR refund) AND (twice OR fifty)", are(&[&late, &refund])),
        ("fee OR refund twice", are(&[&late])),
        ("don't", are(&[&refund])),
        ("strasse", are(&[&other])),
        ("口座", are(&[&other])),
        ("nothing of the kind", are(&[])),
        ("the", are(&[&refund, &plain])),
    ] {
        assert_eq!(found(&firm.api, q), expected, "{q}");
    }
    assert_eq!(found(&firm.api, "-xyzzy"), all);
}

#[test]
fn what_was_said_later_is_found_and_so_are_people() {
    let firm = Firm::new();
    let logged = firm.log(json!({
        "complainant": { "name": "Zoë Featherstonehaugh", "customer_id": "C-7788991",
            "contacts": [{ "kind": "email", "value": "zoe.f@example.org" }] },
        "desired_outcome": "An apology in writing", "external_reference": "CRM/2026/4711"
    }));
    let other = firm.log(json!({ "description": "Something else entirely, with Featherstone in it." }));
    let path = path(&logged);
    firm.give(&path, "acknowledge", json!({})).expect(200);
    firm.give(&path, "note", json!({ "text": "Called the branch: the teller remembers a kerfuffle." })).expect(200);
    firm.give(&path, "contact", json!({
        "direction": "in", "channel": "phone", "summary": "She mentioned a sousaphone.", "occurred_at": logged.text_of("logged_at")
    }))
    .expect(200);
    firm.give(&path, "investigate", json!({})).expect(200);
    firm.give(&path, "propose-response", json!({ "outcome": "upheld", "summary": "We grovel.", "redress": [] }))
        .expect(200);
    let reference = logged.text_of("reference").to_owned();
    for q in [
        "zoe",
        "featherstonehaugh",
        "\"zoe featherstonehaugh\"",
        "C-7788991",
        "zoe.f@example.org",
        "apology",
        "CRM/2026/4711",
        "kerfuffle",
        "sousaphone",
        "grovel",
        "kerfuffle sousaphone apology",
        &reference,
    ] {
        assert_eq!(found(&firm.api, q), BTreeSet::from([logged.id().to_owned()]), "{q}");
    }
    assert_eq!(found(&firm.api, "featherston*").len(), 2);
    // No phrase runs from one text into the next.
    assert!(found(&firm.api, "\"kerfuffle she\"").is_empty());
    let corrected = json!({ "reason": "Misheard.", "set": { "description": "It was about an ombrelle." } });
    firm.give(&path, "correct", corrected).expect(200);
    assert_eq!(found(&firm.api, "ombrelle"), BTreeSet::from([logged.id().to_owned()]));
    let searched = search(&firm.api, "else", "").expect(200);
    assert_eq!((ids(&searched), d1_calls(&searched)), (vec![other.id().to_owned()], 2), "each shard is asked once");
    assert_eq!(d1_calls(&search(&firm.api, "els*", "").expect(200)), 4, "and once more for a beginning");
}

#[test]
fn real_complaints_are_found_filtered_and_walked() {
    let firm = Firm::new();
    let file = std::fs::read_to_string(root().join("tests/fixtures/complaints/bank.ndjson")).expect("real complaints");
    let mut logged: Vec<Value> = file
        .lines()
        .take(60)
        .map(|line| {
            let mut body: Value = serde_json::from_str(line).expect("a complaint");
            body.as_object_mut().expect("an object").remove("external_reference");
            firm.api.post("/v1/complaints", &body).expect(201).body
        })
        .collect();
    logged.sort_by_key(|row| {
        Reverse(position(row["received_at"].as_str().expect("a moment"), row["id"].as_str().expect("an id")))
    });
    // Told apart here by a plain reading of the texts, which are English and short of diacritics.
    let has = |row: &Value, wanted: &str| {
        let text = row["description"].as_str().expect("a text").to_lowercase();
        text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == wanted)
    };
    for word in ["account", "credit", "money", "check", "never", "the", "zzzz"] {
        for product in [None, Some("credit_card"), Some("mortgage")] {
            let wanted = |row: &&Value| has(row, word) && product.is_none_or(|product| row["product"] == product);
            let expected: Vec<String> =
                logged.iter().filter(wanted).map(|row| row["id"].as_str().expect("an id").to_owned()).collect();
            let filters = product.map_or_else(String::new, |product| format!("&product={product}"));
            assert_eq!(ids(&search(&firm.api, word, &filters).expect(200)), expected, "{word} {filters}");
            // And page by page.
            let (mut walked, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = firm.api.get(&format!("/v1/complaints?limit=3&q={word}{filters}{cursor}")).expect(200);
                walked.extend(ids(&page));
                let Some(next) = page.body["next"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            assert_eq!(walked, expected, "{word} {filters}, page by page");
        }
    }
    let page = firm.api.get("/v1/complaints?limit=3&q=the").expect(200);
    let elsewhere = format!("/v1/complaints?limit=3&q=a&cursor={}", page.text_of("next"));
    firm.api.get(&elsewhere).problem(400, "invalid_cursor");
}

#[test]
fn an_answer_shows_where_the_words_stand() {
    let firm = Firm::new();
    let path = path(&firm.log(json!({ "description": "They charged a Late Fée — twice! — and refused the refund." })));
    firm.give(&path, "note", json!({ "text": "The Kerfuffle: see the branch's own minutes." })).expect(200);
    let shown = |q: &str| {
        let row = search(&firm.api, q, "").expect(200).data()[0].clone();
        let text: Vec<char> = row["match"]["text"].as_str().expect("a text").chars().collect();
        let hits = row["match"]["hits"].as_array().expect("hits").iter();
        let hit =
            |hit: &Value| text[hit[0].as_u64().unwrap() as usize..hit[1].as_u64().unwrap() as usize].iter().collect();
        hits.map(hit).collect::<Vec<String>>()
    };
    assert_eq!(shown("fee refun*"), ["Fée", "refund"]);
    assert_eq!(shown("\"late fee\""), ["Late", "Fée"]);
    assert_eq!(shown("kerfuffle"), ["kerfuffle"], "what is not in the description is shown as it is indexed");
    let unsearched = firm.api.get("/v1/complaints").expect(200);
    assert_eq!(unsearched.data()[0].get("match"), None);
}

/// Thousands have the words of a phrase and not the phrase: pages are short, and nothing is left out.
#[test]
fn a_search_that_passes_over_many_goes_on_where_it_ended() {
    const MANY: usize = 7_000;
    const PHRASE: &str = "\"alpha beta\"";
    let firm = Firm::new();
    let sought = [10, 3_500, 3_501, 6_990];
    let row = |nth: usize| {
        let received_at = format!("2025-01-01T{:02}:{:02}:{:02}.000Z", nth / 3_600, nth / 60 % 60, nth % 60);
        let description = if sought.contains(&nth) { "alpha beta" } else { "beta alpha" };
        complaint(json!({ "description": description, "received_at": received_at, "tags": [nth.to_string()] }))
            .to_string()
    };
    let body: String = (0..MANY).map(|nth| row(nth) + "\n").collect();
    import(&firm.api, &unused(), "", NDJSON, &body);
    // One that has no such phrase names every other: where a search stops, it is made to find a reference.
    let (mut references, mut newest, mut cursor) = (Vec::new(), String::new(), String::new());
    loop {
        let page = firm.api.get(&format!("/v1/complaints?limit=200{cursor}")).expect(200);
        references.extend(page.data().iter().map(|row| row["reference"].as_str().expect("a reference").to_owned()));
        if newest.is_empty() {
            page.data()[3]["id"].as_str().expect("an id").clone_into(&mut newest);
        }
        let Some(next) = page.body["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(references.len(), MANY);
    for some in references.chunks(1_400) {
        firm.give(&format!("/v1/complaints/{newest}"), "note", json!({ "text": some.join(" ") })).expect(200);
    }
    let tags = |page: &Answer| -> Vec<usize> {
        page.data().iter().map(|row| row["tags"][0].as_str().expect("a tag").parse().expect("a number")).collect()
    };
    for filter in ["", "&channel=web"] {
        let mut page = search(&firm.api, PHRASE, filter).expect(200);
        let (mut walked, mut pages) = (vec![tags(&page)], 1);
        while let Some(next) = page.body["next"].as_str() {
            page = search(&firm.api, PHRASE, &format!("{filter}&cursor={next}")).expect(200);
            walked.push(tags(&page));
            pages += 1;
        }
        assert_eq!(walked.concat(), [6_990, 3_501, 3_500, 10], "{filter}");
        assert!(pages > 1, "each looks at some thousands of a shard");
        let mut back = Vec::new();
        while let Some(prev) = page.body["prev"].as_str() {
            page = search(&firm.api, PHRASE, &format!("{filter}&cursor={prev}")).expect(200);
            back.splice(0..0, tags(&page));
        }
        assert_eq!(back.last(), Some(&3_500), "{back:?}");
        assert_eq!(back[..3], [6_990, 3_501, 3_500], "{filter}");
    }
    let best = search(&firm.api, PHRASE, "&order=relevance").expect(200);
    assert_eq!(best.data().len(), 4, "by relevance there is one page, and it looks further");
    assert_eq!(tags(&search(&firm.api, "alpha -beta", "").expect(200)), [0; 0]);
}

#[test]
fn what_answers_best_comes_first_if_asked_for() {
    let firm = Firm::new();
    let log = |description: &str| firm.log(json!({ "description": description })).id().to_owned();
    let best = log("refund refund refund");
    let long = log(&format!("refund {}", "and much else besides ".repeat(40)));
    let good = log("the refund was late");
    log("nothing of it");
    let ranked = search(&firm.api, "refund", "&order=relevance").expect(200);
    assert_eq!(ids(&ranked), [&best, &good, &long].map(Clone::clone));
    assert_eq!((&ranked.body["next"], &ranked.body["has_more"]), (&Value::Null, &json!(false)));
    assert_eq!(ids(&search(&firm.api, "refund", "&order=newest").expect(200)).len(), 3);
    let page = firm.api.get("/v1/complaints?q=refund&limit=1").expect(200);
    for wrong in
        ["order=relevance", "q=a&order=oldest", &format!("q=refund&order=relevance&cursor={}", page.text_of("next"))]
    {
        let refused = firm.api.get(&format!("/v1/complaints?{wrong}")).problem(400, "invalid_parameter");
        assert_eq!(refused.pointers(), ["order"], "{wrong}");
    }
}

#[test]
fn a_search_stays_inside_the_tenant() {
    let (firm, other) = (Firm::new(), Firm::new());
    firm.log(json!({ "description": "An unmistakable perfidy" }));
    assert_eq!(found(&firm.api, "unmistakable perf*").len(), 1);
    for q in ["unmistakable", "perf*", "NOT xyzzy", "unmistakable OR perfidy"] {
        assert!(found(&other.api, q).is_empty(), "{q}");
    }
    let writer = firm.key(&["complaints:write"]);
    search(&writer, "perfidy", "").problem(403, "forbidden");
}

#[test]
fn a_hostile_search_is_answered_or_refused() {
    let firm = Firm::new();
    firm.log(json!({ "description": "the and or not in of to" }));
    for q in [
        "\"",
        "\"the",
        "the\"",
        "'; DROP TABLE complaints; --",
        "words:the",
        "{the} : and",
        "^the",
        "the + and",
        "NEAR(the and)",
        "*",
        "the*",
        "\u{0}the",
        "a AND b",
        "the and or not in of to",
        "🙂",
        "%27",
        "\\",
        "- -- ---",
        "\"\"",
    ] {
        let answer = search(&firm.api, q, "");
        assert!([200, 400].contains(&answer.status), "{q}: {}", answer.text);
        if answer.status == 400 {
            assert_eq!(answer.pointers(), ["q"], "{q}");
        }
    }
    for (q, words) in [
        ("(the".to_owned(), "parenthesis"),
        ("the AND".to_owned(), "nothing to search for"),
        ("the OR OR and".to_owned(), "nothing to search for"),
        ("AND ".repeat(2_500), "at most 1000 bytes"),
        ("(".repeat(10_000), "at most 1000 bytes"),
        (format!("{}the{}", "(".repeat(9), ")".repeat(9)), "inside each other"),
        ("the ".repeat(33), "at most 32 words"),
        ("th*".to_owned(), "at least 3 characters"),
        ("?!".to_owned(), "a word to search for"),
    ] {
        let refused = search(&firm.api, &q, "").problem(400, "invalid_parameter");
        assert!(refused.text.contains(words), "{q}: {}", refused.text);
    }
}

/// As a migration leaves complaints that were there before it.
#[test]
fn what_is_not_indexed_yet_is_indexed_by_cron() {
    let (mut stack, state) = own_stack();
    let firm = Firm::on(&operator(&stack), json!({ "shards": [0] }));
    let logged = firm.log(json!({ "description": "A perfidious fee", "tags": ["vip"] }));
    let path = path(&logged);
    firm.give(&path, "note", json!({ "text": "A kerfuffle" })).expect(200);
    stack.stop();
    database(&state).execute("UPDATE complaints SET words = '', labels = NULL", []).expect("it is forgotten");
    stack.restart().expect("the stack starts again");
    let api = firm.api.at(stack.base_url());
    let all = || (found(&api, "kerfuffle perfidious"), ids(&api.get("/v1/complaints?tag=vip").expect(200)));
    assert_eq!(all(), (BTreeSet::new(), Vec::new()));
    let firm = Firm { api: api.clone(), ..firm };
    firm.give(&path, "acknowledge", json!({})).expect(200);
    assert!(all().0.is_empty(), "a half of it is not indexed before the whole is");
    stack.tick().expect("cron runs");
    let id = logged.id().to_owned();
    assert_eq!(all(), (BTreeSet::from([id.clone()]), vec![id]));
}

use shared::{
    access::*,
    chain::*,
    complaint::{
        Complaint,
        decide::{self, Rules},
        intake::*,
    },
    exchange::{import::*, source::Format},
    ids::*,
    reference::*,
    search::{index::Tokens, place::Place},
    similarity::*,
    taxonomy::*,
    text::Line,
    time::Timestamp,
    words::words,
};
use std::time::Instant;
fn main() {
    let body = std::fs::read("/tmp/exch/all.ndjson").unwrap();
    let now = Timestamp::from_unix_millis(1_795_670_654_000);
    let n: usize = 3000;
    fn cpu() -> f64 {
        std::fs::read_to_string("/proc/thread-self/schedstat")
            .unwrap()
            .split(' ')
            .next()
            .unwrap()
            .parse::<f64>()
            .unwrap()
            / 1e3
    }
    let _ = Instant::now();
    macro_rules! time {
        ($name:literal, $e:expr) => {{
            let t = cpu();
            let r = $e;
            println!("{:<12} {:.2} us/row", $name, (cpu() - t) / n as f64);
            r
        }};
    }
    let mut imp = Importer::new(Format::Ndjson, Mapped::Not, Vec::new(), 1);
    for piece in body.chunks(65536).take(200) {
        imp.feed(piece);
        if imp.next_number() > 1 {}
        break;
    }
    let mut imp = Importer::new(Format::Ndjson, Mapped::Not, Vec::new(), 1);
    imp.begin().unwrap();
    let rows: Vec<Row> = time!("parse", {
        let mut v = Vec::new();
        'o: for p in body.chunks(65536) {
            imp.feed(p);
            while let Some(r) = imp.next_row() {
                v.push(r);
                if v.len() == n {
                    break 'o;
                }
            }
        }
        v
    });
    let tenant = TenantId::new(now, &[1; 10]);
    let tokens = Tokens::of(tenant);
    let rules = Rules {
        taxonomy: Taxonomy::for_sector(Sector::Bank).unwrap(),
        custom_fields: &[],
        jurisdiction: Jurisdiction::Us,
    };
    let prefix = ReferencePrefix::try_from("NWB".to_owned()).unwrap();
    let actor = Actor { kind: ActorKind::Key, id: Line::try_from("01a1fa9d-f713-7d7f-99c2-724eb66794a0").unwrap() };
    let news: Vec<NewComplaint> = rows
        .iter()
        .map(|r| match &r.draft {
            Ok(Draft::New(n)) => n.as_ref().clone(),
            _ => panic!(),
        })
        .collect();
    let _ = time!("clone", news.clone());
    let received: Vec<_> = time!(
        "decide",
        news.into_iter()
            .enumerate()
            .map(|(i, n)| decide::log(n, Reference::new(&prefix, 0, i as u32), rules, now).unwrap())
            .collect()
    );
    let sealed: Vec<_> = time!(
        "seal",
        received
            .into_iter()
            .enumerate()
            .map(|(i, b)| {
                let mut e = [0u8; 10];
                e[..8].copy_from_slice(&(i as u64).to_be_bytes());
                seal(
                    Tail { tenant, complaint: ComplaintId::in_slot(now, &e, 0), version: 0, head: Digest::ZERO },
                    &actor,
                    now,
                    vec![b],
                    || Salt::from_bytes([7; 16]),
                )
                .unwrap()
            })
            .collect()
    );
    let complaints: Vec<_> = time!(
        "fold",
        sealed.iter().map(|s| Complaint::fold(s.iter().map(|s| &s.event)).unwrap().unwrap()).collect::<Vec<_>>()
    );
    let docs: Vec<_> = time!("doc", complaints.iter().map(|c| serde_json::to_string(c).unwrap()).collect());
    let sums: Vec<_> =
        time!("summary", complaints.iter().map(|c| serde_json::to_string(&c.summary()).unwrap()).collect());
    let texts: Vec<_> = time!("texts", sealed.iter().map(|s| tokens.texts(s.iter().map(|s| &s.event.body))).collect());
    let _w = time!(
        "words only",
        sealed.iter().zip(&complaints).map(|(_, c)| words(c.description.as_str()).count()).sum::<usize>()
    );
    let like: Vec<_> = time!("likeness", complaints.iter().map(|c| tokens.likeness(c)).collect());
    let sh: Vec<_> = time!(" shingles", complaints.iter().map(|c| Shingles::of(c.description.as_str())).collect());
    let _b = time!(" bands", sh.iter().map(|s| bands(s)).collect::<Vec<_>>());
    let labels: Vec<_> = time!("labels", complaints.iter().map(|c| tokens.labels(c)).collect());
    let _ = time!("facets", complaints.iter().map(|c| c.facets().len()).sum::<usize>());
    let _ =
        time!("place", complaints.iter().map(|c| Place::of(c.received_at, c.id, 0).to_string()).collect::<Vec<_>>());
    let _ = time!("lists", {
        let mut v: Vec<u8> = Vec::new();
        for i in 0..n {
            for t in [docs[i].as_str(), &sums[i], &texts[i], &like[i], &labels[i], &sealed[i][0].text] {
                serde_json::to_writer(&mut v, t).unwrap();
            }
        }
        v.len()
    });
    time!("drop", drop((docs, sums, texts, like, labels, complaints, sealed)));
    println!("{}", words("x").count() + rows.len());
}

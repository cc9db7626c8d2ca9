//! `cargo xtask near-duplicates`: how well `shared::similarity` finds near-duplicates in real complaints, and what it costs.
//!
//! It reads the CFPB's narratives, the labelled pairs of `tests/fixtures/near-duplicates/`, and prints the tables of
//! `docs/near-duplicates.md`. Slow unless built for release: `cargo run --release -p xtask -- near-duplicates --data DIR`.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use shared::complaint::intake::Complainant;
use shared::similarity::{
    BANDS, Candidate, ConsumerKey, NEARLY_SAME, Profile, ROWS, Reason, Shingles, TELLING_SHINGLES, bands, compare,
    consumer_keys, min_hashes,
};
use shared::time::Timestamp;

use crate::cfpb;
use crate::checkout::root;

/// What the command line says.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder with the CFPB's narratives: `cfpb_narratives_train.jsonl.gz` and `cfpb_narratives_unlabelled.jsonl.gz`
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

/// The files, by the name that pairs know them by.
const FILES: [(&str, &str); 2] =
    [("train", "cfpb_narratives_train.jsonl.gz"), ("unlabelled", "cfpb_narratives_unlabelled.jsonl.gz")];
/// Pairs labelled by hand: those that the numbers were chosen with, and those that were drawn and labelled afterwards.
const LABELLED: [&str; 2] = ["pairs.csv", "held-out.csv"];
/// Hashes taken of each text, enough for every scheme.
const MINIMA: usize = 64;
/// Bands and rows to compare.
const SCHEMES: [(usize, usize); 9] =
    [(BANDS, ROWS), (16, 2), (12, 2), (8, 2), (6, 2), (16, 3), (12, 3), (8, 3), (16, 4)];
/// The size of corpus that figures are projected to.
const MILLION: f64 = 1e6;

struct Document {
    text: String,
    shingles: Shingles,
    /// None if the text is too short to tell.
    minima: Option<[u32; MINIMA]>,
}

/// Measures and prints.
pub fn run(args: &Args) -> Result<()> {
    let mut names = HashMap::new();
    let mut documents = Vec::new();
    for (name, file) in FILES {
        for (line, row) in cfpb::read(&args.data.join(file))? {
            let text = row?.remove("consumer complaint narrative").context("a row without a narrative")?;
            let shingles = Shingles::of(&text);
            names.insert(format!("{name}:{line}"), documents.len());
            documents.push(Document { minima: minima(&shingles), shingles, text });
        }
    }
    println!("{} narratives\n", documents.len());
    cost(&documents);
    for file in LABELLED {
        labelled(&documents, &names, &root().join("tests/fixtures/near-duplicates").join(file))?;
    }
    schemes(&documents);
    let somebody: Complainant = shared::json::from_str(r#"{"name":"A","customer_id":"C-1"}"#)?;
    retold(&documents, &consumer_keys(&somebody));
    Ok(())
}

/// Time of what runs at each create and for each candidate.
fn cost(documents: &[Document]) {
    println!("Cost\n  text                  texts   shingles and bands, each");
    let long: String = documents.iter().map(|document| document.text.as_str()).collect::<Vec<_>>().join("\n");
    let longest: String = long.chars().take(50_000).collect();
    let sized = |range: std::ops::Range<usize>| -> Vec<&str> {
        documents.iter().map(|document| document.text.as_str()).filter(|text| range.contains(&text.len())).collect()
    };
    for (name, texts) in [
        ("to 200 bytes", sized(0..200)),
        ("900 to 1,100 bytes", sized(900..1_100)),
        ("4,000 to 6,000 bytes", sized(4_000..6_000)),
        ("50,000 characters", vec![longest.as_str(); 20]),
    ] {
        let each = least_micros(|| texts.iter().map(|text| bands(&Shingles::of(text)).len()).sum::<usize>());
        println!("  {name:20} {:6} {:10.1} µs", texts.len(), each / count(texts.len()));
    }
    let each = least_micros(|| documents.windows(2).map(|two| two[0].shingles.jaccard(&two[1].shingles)).sum::<f64>());
    println!("  comparing two, their shingles at hand {:8.2} µs\n", each / count(documents.len() - 1));
}

/// The time of the quickest of nine runs: what else the machine does only ever adds.
fn least_micros<T>(work: impl Fn() -> T) -> f64 {
    let run = |_| {
        let begun = Instant::now();
        black_box(work());
        begun.elapsed().as_secs_f64() * 1e6
    };
    (0..9).map(run).fold(f64::INFINITY, f64::min)
}

fn count(number: usize) -> f64 {
    number as f64
}

struct Pair {
    left: usize,
    right: usize,
    label: String,
    /// How many pairs of the corpus it stands for.
    weight: f64,
}

fn read_pairs(names: &HashMap<String, usize>, path: &Path) -> Result<Vec<Pair>> {
    let mut rows = csv::Reader::from_path(path).with_context(|| format!("opening {}", path.display()))?;
    let rows: Vec<(String, String, String, String, f64)> = rows.deserialize().collect::<Result<_, _>>()?;
    let mut sampled: HashMap<&str, f64> = HashMap::new();
    for row in &rows {
        *sampled.entry(&row.3).or_default() += 1.0;
    }
    rows.iter()
        .map(|(left, right, label, stratum, pairs)| {
            let find = |id: &str| names.get(id).copied().with_context(|| format!("no narrative {id}"));
            Ok(Pair {
                left: find(left)?,
                right: find(right)?,
                label: label.clone(),
                weight: pairs / sampled[stratum.as_str()],
            })
        })
        .collect()
}

/// Precision and recall of the threshold and of the tokens, against pairs labelled by hand.
fn labelled(documents: &[Document], names: &HashMap<String, usize>, path: &Path) -> Result<()> {
    let pairs = read_pairs(names, path)?;
    let similarity = |pair: &Pair| documents[pair.left].shingles.jaccard(&documents[pair.right].shingles);
    let mut labels: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for pair in &pairs {
        labels.entry(&pair.label).or_default().push(similarity(pair));
    }
    println!(
        "{}: {} pairs\n  label      pairs  similarity: least, quartiles, greatest",
        path.file_name().unwrap_or_default().display(),
        pairs.len()
    );
    for (label, mut values) in labels {
        values.sort_by(f64::total_cmp);
        let at = |nth: usize| values[(values.len() - 1) * nth / 4];
        println!("  {label:10} {:5}  {:.2}  {:.2} {:.2} {:.2}  {:.2}", values.len(), at(0), at(1), at(2), at(3), at(4));
    }

    let positive = |pair: &&Pair| matches!(pair.label.as_str(), "duplicate" | "template");
    let negative = |pair: &&Pair| matches!(pair.label.as_str(), "passage" | "unrelated");
    let weigh = |of: &dyn Fn(&&Pair) -> bool, found: &dyn Fn(&Pair) -> bool| -> (f64, f64) {
        let all = pairs.iter().filter(of).filter(|pair| found(pair));
        all.fold((0.0, 0.0), |(number, weight), pair| (number + 1.0, weight + pair.weight))
    };
    let line = |name: &str, found: &dyn Fn(&Pair) -> bool| {
        let (positives, positive_weight) = weigh(&positive, &|_| true);
        let (hits, hit_weight) = weigh(&positive, found);
        let (misses, miss_weight) = weigh(&negative, found);
        let (variants, variant_weight) = weigh(&|pair: &&Pair| pair.label == "variant", found);
        let (contained, _) = weigh(&|pair: &&Pair| pair.label == "contained", found);
        println!(
            "  {name:26} {:5.3} {:5.3}   {:5.3} {:5.3}   {:5.3}   {variants:3} {contained:3}",
            hits / (hits + misses),
            hits / positives,
            hit_weight / (hit_weight + miss_weight),
            hit_weight / positive_weight,
            hit_weight / (hit_weight + miss_weight + variant_weight),
        );
    };
    println!(
        "\n                             the sample    weighted      prec. if      others found\n  \
         found if                   prec. recall  prec. recall  variants not  variant contained"
    );
    for threshold in [0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7] {
        line(&format!("similarity >= {threshold:.2}"), &|pair| similarity(pair) >= threshold);
    }
    for (bands, rows) in SCHEMES {
        let meets = |pair: &Pair| meet(&documents[pair.left].minima, &documents[pair.right].minima, bands, rows);
        line(&format!("{bands} bands of {rows}"), &meets);
        line(&format!("  and similarity >= {NEARLY_SAME:.2}"), &|pair| meets(pair) && similarity(pair) >= NEARLY_SAME);
    }
    println!();
    Ok(())
}

fn minima(text: &Shingles) -> Option<[u32; MINIMA]> {
    (text.len() >= TELLING_SHINGLES).then(|| min_hashes(text))
}

/// Whether two texts would share a token.
fn meet(left: &Option<[u32; MINIMA]>, right: &Option<[u32; MINIMA]>, bands: usize, rows: usize) -> bool {
    let (Some(left), Some(right)) = (left, right) else { return false };
    left.chunks(rows).zip(right.chunks(rows)).take(bands).any(|(left, right)| left == right)
}

/// Every pair of the corpus: how many of the similar ones share a token, and how many others do.
fn schemes(documents: &[Document]) {
    let mut pairs = similar_pairs(documents, NEARLY_SAME);
    let all = pairs.len();
    pairs.retain(|(left, right), _| documents[*left].minima.is_some() && documents[*right].minima.is_some());
    let short = documents.iter().filter(|document| document.minima.is_none()).count();
    println!(
        "All pairs with similarity >= {NEARLY_SAME}: {all}; {} of them left out, with {short} texts too short to tell",
        all - pairs.len()
    );
    println!(
        "             share of pairs found, similarity from             share of texts    candidates a query      queries\n  \
         scheme     .25-.3  .3-.4  .4-.5  .5-.6  .6-.7  .7-1    all    that find any     true  false  at 10^6    over 50"
    );
    for (bands, rows) in SCHEMES {
        let mut found = [0_usize; 6];
        let mut sought = [0_usize; 6];
        let (mut seekers, mut finders): (HashSet<usize>, HashSet<usize>) = Default::default();
        for ((left, right), similarity) in &pairs {
            // From 0.25, 0.3, 0.4, 0.5, 0.6 and 0.7.
            let bin = ((similarity * 10.0) as usize).clamp(2, 7) - 2;
            sought[bin] += 1;
            seekers.extend([left, right]);
            if meet(&documents[*left].minima, &documents[*right].minima, bands, rows) {
                found[bin] += 1;
                finders.extend([left, right]);
            }
        }
        print!("  {bands:2} × {rows}     ");
        found.iter().zip(&sought).for_each(|(found, sought)| print!(" {:5.3} ", count(*found) / count(*sought)));
        let candidates = candidates(documents, bands, rows);
        let mut each = vec![0_usize; documents.len()];
        for (left, right) in &candidates {
            each[*left] += 1;
            each[*right] += 1;
        }
        let hits: usize = found.iter().sum();
        // Each pair is a candidate of both its texts.
        let per_query = |pairs: usize| 2.0 * count(pairs) / count(documents.len());
        let wrong = per_query(candidates.len() - hits);
        println!(
            " {:5.3}      {:5.3}          {:5.2} {:6.2} {:6.0} {:10}",
            count(hits) / count(pairs.len()),
            count(finders.len()) / count(seekers.len()),
            per_query(hits),
            wrong,
            wrong * MILLION / count(documents.len()),
            each.iter().filter(|number| **number > 50).count(),
        );
    }
    println!();
}

/// Pairs at least this similar, exactly: counts what each text shares with all texts before it.
fn similar_pairs(documents: &[Document], least: f64) -> HashMap<(usize, usize), f64> {
    let mut holders: HashMap<u32, Vec<usize>> = HashMap::new();
    let mut shared = vec![0_usize; documents.len()];
    let mut pairs = HashMap::new();
    for (right, document) in documents.iter().enumerate() {
        for shingle in document.shingles.iter() {
            let before = holders.entry(shingle).or_default();
            before.iter().for_each(|left| shared[*left] += 1);
            before.push(right);
        }
        for (left, shared) in shared.iter_mut().enumerate().take(right) {
            let shared = std::mem::take(shared);
            if shared > 0 {
                let all = documents[left].shingles.len() + document.shingles.len() - shared;
                let similarity = count(shared) / count(all);
                if similarity >= least {
                    pairs.insert((left, right), similarity);
                }
            }
        }
    }
    pairs
}

/// Pairs that share a band. Texts too short to have tokens are left out.
fn candidates(documents: &[Document], bands: usize, rows: usize) -> HashSet<(usize, usize)> {
    let mut pairs = HashSet::new();
    for band in 0..bands {
        let mut holders: HashMap<&[u32], Vec<usize>> = HashMap::new();
        for (right, document) in documents.iter().enumerate() {
            let Some(minima) = &document.minima else { continue };
            let before = holders.entry(&minima[band * rows..(band + 1) * rows]).or_default();
            pairs.extend(before.iter().map(|left| (*left, right)));
            before.push(right);
        }
    }
    pairs
}

/// Numbers that look random and are the same in every run (`SplitMix64`).
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

type Change = fn(&str, &mut Seeded) -> String;

/// How a complaint may be told again through another channel.
const KINDS: [(&str, Change); 8] = [
    ("other numbers and masks", other_details),
    ("begun and ended by an agent", framed),
    ("a typo in one word of 15", |text, seeded| typos(text, 15, seeded)),
    ("a typo in one word of 6", |text, seeded| typos(text, 6, seeded)),
    ("sentences in another order", |text, seeded| sentences(text, 1, seeded)),
    ("a third of sentences dropped", |text, seeded| sentences(text, 3, seeded)),
    ("half of sentences dropped", |text, seeded| sentences(text, 2, seeded)),
    ("a third dropped, typos, framed", |text, seeded| framed(&typos(&sentences(text, 3, seeded), 15, seeded), seeded)),
];

fn other_details(text: &str, seeded: &mut Seeded) -> String {
    let detail = |word: &str| word.contains("XX") || word.contains(|c: char| c.is_ascii_digit());
    let words = text.split(' ').map(|word| match detail(word) {
        true => format!("{}/{}/{}", seeded.below(12) + 1, seeded.below(28) + 1, 2010 + seeded.below(15)),
        false => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

fn framed(text: &str, _: &mut Seeded) -> String {
    format!(
        "Customer called the contact centre, was put through from the sales line and asked to have this logged. They read the following from a \
         letter. {text} The customer was told that we look into it and was offered a call back in the afternoon, number as on file."
    )
}

/// Swaps two letters of one word in `every`.
fn typos(text: &str, every: usize, seeded: &mut Seeded) -> String {
    let words = text.split(' ').map(|word| {
        let mut letters: Vec<char> = word.chars().collect();
        if letters.len() >= 4 && seeded.one_in(every) {
            let at = 1 + seeded.below(letters.len() - 2);
            letters.swap(at, at + 1);
        }
        letters.into_iter().collect::<String>()
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Shuffles sentences and drops one in `drop` (none for 1).
fn sentences(text: &str, drop: usize, seeded: &mut Seeded) -> String {
    let mut kept: Vec<&str> = text.split_inclusive(['.', '!', '?', '\n']).collect();
    seeded.shuffle(&mut kept);
    kept.truncate(kept.len() - if drop > 1 { kept.len() / drop } else { 0 });
    if drop > 1 {
        // Order is another kind's matter.
        kept.sort_by_key(|sentence| sentence.as_ptr());
    }
    kept.concat()
}

/// Complaints told again: how many are found by text alone, and if the consumer is known.
fn retold(documents: &[Document], consumer: &[ConsumerKey]) {
    let mut seeded = Seeded(20_260_501);
    let texts: Vec<&str> =
        documents.iter().map(|document| document.text.as_str()).filter(|text| text.len() >= 300).step_by(10).collect();
    println!(
        "Told again, {} texts of 300 bytes or more each way\n                                  similarity   found by",
        texts.len()
    );
    print!("  way                              mean tenth  consumer");
    SCHEMES.iter().for_each(|(bands, rows)| print!("  {bands:2}×{rows}"));
    println!(" and similarity >= {NEARLY_SAME}");
    for (name, change) in KINDS {
        let mut similarities = Vec::new();
        let mut by_consumer = 0;
        let mut by_text = [0; SCHEMES.len()];
        for text in &texts {
            let again = change(text, &mut seeded);
            let (left, right) = (profile(text, consumer), profile(&again, consumer));
            let similarity = left.text.jaccard(&right.text);
            similarities.push(similarity);
            by_consumer += usize::from(compare(&left, &right).is_some());
            let (left, right) = (minima(&left.text), minima(&right.text));
            for (found, (bands, rows)) in by_text.iter_mut().zip(SCHEMES) {
                *found += usize::from(similarity >= NEARLY_SAME && meet(&left, &right, bands, rows));
            }
        }
        similarities.sort_by(f64::total_cmp);
        let share = |number: usize| count(number) / count(texts.len());
        let mean = similarities.iter().sum::<f64>() / count(texts.len());
        print!("  {name:32} {mean:.2}  {:.2} {:9.3} ", similarities[texts.len() / 10], share(by_consumer));
        by_text.iter().for_each(|found| print!(" {:.3}", share(*found)));
        println!();
    }
    strangers(documents, &mut seeded, consumer);
}

fn profile(text: &str, consumer: &[ConsumerKey]) -> Profile {
    Profile { text: Shingles::of(text), consumer: consumer.to_vec(), product: None, received_at: Timestamp::MIN }
}

/// Two unrelated complaints of one consumer: how often the texts alone would say that they are one.
fn strangers(documents: &[Document], seeded: &mut Seeded, consumer: &[ConsumerKey]) {
    const TRIES: usize = 20_000;
    let told_as_one = |candidate: Candidate| candidate.reasons.contains(&Reason::SameConsumerSimilarText);
    let wrong = (0..TRIES)
        .filter(|_| {
            let mut any = || profile(&documents[seeded.below(documents.len())].text, consumer);
            compare(&any(), &any()).is_some_and(told_as_one)
        })
        .count();
    println!("\nOf {TRIES} random pairs given one consumer, {wrong} are called similar texts.");
}

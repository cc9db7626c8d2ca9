//! The complaints that are logged and searched: an endless series of valid bodies, the same in every run and on every stack.
//!
//! Real narratives repeated over and over would make absurd statistics: no rare word, and thousands of copies of every text. So
//! each text is put together anew: as many sentences as a real narrative has, drawn from all of them, with one word in ten drawn
//! anew by how often it is used, and three invented words whose frequencies follow a power law, so that a larger corpus has more
//! different words, as real ones do (Heaps' law). Names, amounts and dates vary. One complaint in fifty is the one before it, told
//! again by the same person.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use fastrand::Rng;
use flate2::read::GzDecoder;
use hyper::body::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Over how long the receipts of a whole corpus are spread.
const SPAN: Duration = Duration::days(3 * 365);
/// One in so many texts is the one before it, told again.
const RETOLD: u64 = 50;
/// One in so many words of a sentence is drawn anew.
const REDRAWN: usize = 10;
/// Invented words in each text.
const INVENTED: usize = 3;
/// One in so many complaints was received up to [`LATE`] before it was logged.
const LATE_ONES: u64 = 10;
const LATE: std::ops::Range<i64> = 0..3 * 86_400;
/// The longest text, in bytes: a few real ones are many times longer.
const LONGEST: usize = 8_000;

const FIRST_NAMES: [&str; 24] = [
    "Ada", "Bruno", "Chidi", "Dara", "Elif", "Femi", "Greta", "Hana", "Idris", "Jonas", "Kaia", "Leila", "Marek",
    "Nia", "Omar", "Petra", "Quill", "Rosa", "Sanna", "Tomas", "Uma", "Vera", "Wren", "Yusuf",
];
const LAST_NAMES: [&str; 24] = [
    "Aldermoor",
    "Brackenbury",
    "Castellan",
    "Dunmore",
    "Eastwick",
    "Fairholme",
    "Gosling",
    "Hartnoll",
    "Inglewood",
    "Jessop",
    "Kettlebrook",
    "Lindqvist",
    "Marchmont",
    "Northcote",
    "Oakhurst",
    "Pemberton",
    "Quayle",
    "Ravenscar",
    "Stannard",
    "Tolliver",
    "Underhill",
    "Vantongeren",
    "Whitlock",
    "Yarrow",
];

/// The series.
pub(crate) struct Corpus {
    templates: Vec<Template>,
    /// Sentences of all narratives.
    sentences: Vec<String>,
    /// The words of all narratives, each as often as it is used.
    words: Vec<String>,
    /// When the first was received, and how long after each comes the next.
    begun: DateTime<Utc>,
    pace: Duration,
}

/// What a complete body of the fixtures says besides its text.
#[derive(Deserialize)]
struct Template {
    channel: String,
    product: Option<String>,
    issue: Option<String>,
    #[serde(default = "usual")]
    severity: String,
    jurisdiction: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    description: String,
}

fn usual() -> String {
    "medium".to_owned()
}

/// A body as the API takes it.
#[derive(Serialize)]
struct Body<'t> {
    complainant: Value,
    channel: &'t str,
    #[serde(skip_serializing_if = "Option::is_none")]
    received_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<&'t str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issue: Option<&'t str>,
    description: &'t str,
    severity: &'t str,
    #[serde(skip_serializing_if = "Option::is_none")]
    jurisdiction: Option<&'t str>,
    external_reference: String,
    tags: &'t [String],
}

/// The parts of one complaint that are drawn.
struct Drawn<'c> {
    template: &'c Template,
    text: String,
    invented: [u64; INVENTED],
    person: u64,
}

impl Corpus {
    /// Reads complete bodies from `bodies` (NDJSON), and narratives from `narratives` (gzipped JSON lines of the CFPB's
    /// export) or else from the bodies. The receipts of `size` complaints are spread over three years.
    pub(crate) fn read(bodies: &Path, narratives: Option<&Path>, size: usize) -> Result<Self> {
        let open = |path: &Path| File::open(path).with_context(|| format!("cannot open {}", path.display()));
        let templates: Vec<Template> = json_lines(open(bodies)?)
            .map(|line| Ok(serde_json::from_value(line?)?))
            .collect::<Result<_>>()
            .with_context(|| bodies.display().to_string())?;
        ensure!(!templates.is_empty(), "{} holds no complaint", bodies.display());
        let texts: Vec<String> = match narratives {
            None => templates.iter().map(|template| template.description.clone()).collect(),
            Some(path) => json_lines(GzDecoder::new(open(path)?))
                .map(|line| {
                    let text = line?["Consumer complaint narrative"].take();
                    text.as_str().map(str::to_owned).context("a line without a narrative")
                })
                .collect::<Result<_>>()
                .with_context(|| path.display().to_string())?,
        };
        let sentences: Vec<String> = texts.iter().flat_map(|text| sentences(text)).map(str::to_owned).collect();
        let words = texts.iter().flat_map(|text| text.split_whitespace()).filter(|word| is_plain(word));
        let words: Vec<String> = words.map(str::to_lowercase).collect();
        ensure!(!sentences.is_empty() && !words.is_empty(), "the narratives hold no text");
        let now = Utc::now();
        let pace = Duration::milliseconds(SPAN.num_milliseconds() / i64::try_from(size.max(1))?);
        Ok(Self { templates, sentences, words, begun: now - SPAN, pace })
    }

    /// The body of the complaint with this number, received when its turn was.
    pub(crate) fn stored(&self, number: u64) -> Bytes {
        let turn = i32::try_from(number).unwrap_or(i32::MAX);
        let mut random = random(number, 1);
        let late = if random.u64(..LATE_ONES) == 0 { Duration::seconds(random.i64(LATE)) } else { Duration::zero() };
        let received_at = (self.begun + self.pace * turn - late).min(Utc::now());
        self.body(number, Some(received_at.to_rfc3339_opts(SecondsFormat::Secs, true)), "S")
    }

    /// The body of a complaint with this number that comes in now.
    pub(crate) fn fresh(&self, number: u64) -> Bytes {
        self.body(number, None, "F")
    }

    /// The text of the complaint with this number.
    pub(crate) fn text(&self, number: u64) -> String {
        self.draw(number).text
    }

    /// The invented words of the complaint with this number, and how many of `size` complaints have each of them.
    pub(crate) fn invented(&self, number: u64, size: usize) -> impl Iterator<Item = (String, f64)> {
        self.draw(number).invented.into_iter().map(move |rank| (word(rank), share(rank) * size as f64))
    }

    /// A product that at least one complaint in twelve is about, and so a page of a thousand.
    pub(crate) fn product(&self, number: u64) -> Option<&str> {
        let mut random = random(number, 2);
        (0..100).find_map(|_| {
            let product = self.templates[random.usize(..self.templates.len())].product.as_deref()?;
            let same = self.templates.iter().filter(|template| template.product.as_deref() == Some(product)).count();
            (same * 12 >= self.templates.len()).then_some(product)
        })
    }

    /// The reference is unique: a tenant may use each only once.
    fn body(&self, number: u64, received_at: Option<String>, series: &str) -> Bytes {
        let Drawn { template, text, person, .. } = self.draw(number);
        let mut random = random(person, 3);
        let first = FIRST_NAMES[random.usize(..FIRST_NAMES.len())];
        let last =
            format!("{}-{}", LAST_NAMES[random.usize(..LAST_NAMES.len())], capitalised(&word(rank(&mut random))));
        let email = format!("{}.{}.{person}@example.com", first.to_lowercase(), last.to_lowercase());
        let body = Body {
            complainant: serde_json::json!({
                "name": format!("{first} {last}"),
                "contacts": [{ "kind": "email", "value": email }],
                "customer_id": format!("BNC-C{person:07}"),
                "language": "en",
            }),
            channel: &template.channel,
            received_at,
            product: template.product.as_deref(),
            issue: template.issue.as_deref(),
            description: &text,
            severity: &template.severity,
            jurisdiction: template.jurisdiction.as_deref(),
            external_reference: format!("BENCH-{series}{number}"),
            tags: &template.tags,
        };
        serde_json::to_vec(&body).unwrap_or_default().into()
    }

    fn draw(&self, number: u64) -> Drawn<'_> {
        // The same draws as those of the one before it, but for the last.
        let told_first = if number % RETOLD == RETOLD - 1 { number - 1 } else { number };
        let mut random = random(told_first, 0);
        let template = &self.templates[random.usize(..self.templates.len())];
        let person = random.u64(..(told_first / 2 + 100));
        let wanted = sentences(&template.description).count();
        let mut text = String::new();
        for _ in 0..wanted.max(1) {
            if text.len() > LONGEST {
                break;
            }
            self.push_sentence(&mut text, &mut random);
        }
        let invented = [(); INVENTED].map(|()| rank(&mut random));
        let [product, place, clerk] = invented.map(word);
        let pounds = 5 + rank(&mut random) % 5_000;
        let month = random.u32(1..=12);
        let mut own = self::random(number, 4);
        text.push_str(&format!(
            "I was told by {} in {} that the {product} fee of {pounds}.{:02} from 2025-{month:02}-{:02} stands.",
            capitalised(&clerk),
            capitalised(&place),
            own.u8(..100),
            own.u8(1..=28),
        ));
        Drawn { template, text, invented, person }
    }

    fn push_sentence(&self, text: &mut String, random: &mut Rng) {
        let sentence = &self.sentences[random.usize(..self.sentences.len())];
        for word in sentence.split_whitespace() {
            let redrawn = is_plain(word) && random.usize(..REDRAWN) == 0;
            text.push_str(if redrawn { &self.words[random.usize(..self.words.len())] } else { word });
            text.push(' ');
        }
    }
}

/// Draws that depend on the number, and on what they are for, alone.
fn random(number: u64, purpose: u64) -> Rng {
    Rng::with_seed(number.wrapping_mul(8).wrapping_add(purpose))
}

/// The rank of an invented word: of all draws, this share is of it or a rarer one: 1 / √rank.
fn rank(random: &mut Rng) -> u64 {
    let uniform = 1.0 - random.f64();
    (1.0 / (uniform * uniform)).min(1e15) as u64
}

/// The share of complaints that have the invented word of this rank.
fn share(rank: u64) -> f64 {
    let least = |rank: u64| 1.0 / (rank as f64).sqrt();
    1.0 - (1.0 - (least(rank) - least(rank + 1))).powi(INVENTED as i32)
}

/// A word that sounds like one: at least three syllables.
fn word(rank: u64) -> String {
    const CONSONANTS: &[u8] = b"bdfghjklmnprstvwz";
    const VOWELS: &[u8] = b"aeiou";
    let syllables = (CONSONANTS.len() * VOWELS.len()) as u64;
    let mut text = String::new();
    let mut rest = rank;
    while rest > 0 || text.len() < 6 {
        let syllable = (rest % syllables) as usize;
        text.push(CONSONANTS[syllable / VOWELS.len()] as char);
        text.push(VOWELS[syllable % VOWELS.len()] as char);
        rest /= syllables;
    }
    text
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Letters of ASCII only: what can stand anywhere in a sentence.
fn is_plain(word: &str) -> bool {
    word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Where a text has full stops, and line by line where it has none.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let cut = |text: &'_ str| text.trim().len() > 1;
    text.split_inclusive(['.', '!', '?', '\n']).map(str::trim).filter(move |sentence| cut(sentence))
}

/// The JSON values of a text with one in each line.
fn json_lines(text: impl Read) -> impl Iterator<Item = Result<Value>> {
    BufReader::new(text).lines().map(|line| Ok(serde_json::from_str(&line?)?))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn corpus() -> Corpus {
        let bodies = xtask::checkout::root().join("tests/fixtures/complaints/bank.ndjson");
        Corpus::read(&bodies, None, 1_000).unwrap()
    }

    #[test]
    fn every_body_is_a_complaint_that_the_api_takes() {
        let corpus = corpus();
        let mut references = HashSet::new();
        for number in 0..500 {
            for body in [corpus.stored(number), corpus.fresh(number)] {
                let text = std::str::from_utf8(&body).unwrap();
                let complaint: shared::complaint::intake::NewComplaint = shared::json::from_str(text).unwrap();
                assert!(references.insert(complaint.external_reference.unwrap().as_str().to_owned()), "{text}");
            }
        }
    }

    #[test]
    fn the_series_is_the_same_whoever_reads_it() {
        let [one, other] = [corpus(), corpus()];
        assert_eq!(one.fresh(7), other.fresh(7));
        assert_ne!(one.text(7), one.text(8));
    }

    #[test]
    fn one_in_fifty_is_told_again_by_the_same_person() {
        let corpus = corpus();
        let [first, again] = [48, 49].map(|number| corpus.draw(number));
        assert_eq!(first.person, again.person);
        assert_ne!(first.text, again.text);
        let shared_start = first.text.bytes().zip(again.text.bytes()).take_while(|(a, b)| a == b).count();
        assert!(shared_start * 10 > first.text.len() * 9, "{shared_start} of {}", first.text.len());
    }

    #[test]
    fn a_larger_corpus_has_more_words_and_ever_rarer_ones() {
        let corpus = corpus();
        let different = |size: u64| {
            (0..size).flat_map(|number| corpus.invented(number, 1)).map(|(word, _)| word).collect::<HashSet<_>>().len()
        };
        let [small, large] = [different(300), different(3_000)];
        assert!(large > 3 * small && large < 10 * small, "{small} words in 300, {large} in 3,000");
    }

    #[test]
    fn how_many_have_an_invented_word_is_known() {
        let corpus = corpus();
        let (mut expected, mut found) = (0.0, 0);
        let sought: Vec<String> = (3..20).map(word).collect();
        for rank in 3..20 {
            expected += share(rank) * 3_000.0;
        }
        for number in 0..3_000 {
            let words: HashSet<String> = corpus.invented(number, 1).map(|(word, _)| word).collect();
            found += sought.iter().filter(|word| words.contains(*word)).count();
        }
        assert!((found as f64 / expected - 1.0).abs() < 0.1, "{found} found, {expected} expected");
    }

    #[test]
    fn words_are_different() {
        let words: HashSet<String> = (1..20_000).map(word).collect();
        assert_eq!(words.len(), 19_999);
    }
}

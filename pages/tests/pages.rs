//! Every page, in each language and format: whole, accessible as far as markup tells, with no word of its own, and safe whatever it shows.

mod samples;

use flate2::{Compression, write::GzEncoder};
use pages::{
    brand::Brand,
    fields::{FIELDS, STEPS, Wrong},
    law, mail, style,
    texts::Tongue,
};
use samples::{FIRMS, World, every_page, pages, readers};
use scraper::{ElementRef, Html, Selector};
use shared::{attachment::AttachmentState, complaint::intake::Format, complaint::state::State};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
    path::{Path, PathBuf},
};

/// Most bytes of the first page with its stylesheets, gzipped.
const FIRST_PAGE: usize = 60_000;

fn all<'a>(document: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    let selector = Selector::parse(selector).unwrap();
    document.select(&selector).collect()
}

fn text(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().trim().to_owned()
}

#[test]
fn pages_are_well_formed() {
    for sample in every_page() {
        let document = Html::parse_document(&sample.html);
        assert!(document.errors.is_empty(), "{}: {:?}", sample.name, document.errors);
    }
    let broken =
        Html::parse_document("<!doctype html><html><head><title></title></head><body><p></b></p></body></html>");
    assert!(!broken.errors.is_empty(), "the parser tells");
}

#[test]
fn each_page_has_one_heading_its_landmarks_its_language_and_a_title() {
    for sample in every_page() {
        let name = &sample.name;
        let document = Html::parse_document(&sample.html);
        for selector in ["h1", "main#main", "body > header", "body > footer", "a.skip[href='#main']", "title"] {
            assert_eq!(all(&document, selector).len(), 1, "{name}: {selector}");
        }
        let tag = name.rsplit('.').nth(1).unwrap();
        assert_eq!(document.root_element().attr("lang"), Some(tag), "{name}");
        assert!(!text(all(&document, "h1")[0]).is_empty());
        let levels =
            all(&document, "h1, h2, h3").into_iter().map(|heading| heading.value().name().as_bytes()[1] - b'0');
        levels.fold(0, |before, level| {
            assert!(level <= before + 1 || before == 0, "{name}: a level of headings is left out");
            level
        });
        for heading in all(&document, "section") {
            let labelled = heading.attr("aria-labelledby").unwrap_or_default();
            assert!(sample.html.contains(&format!("id=\"{labelled}\"")), "{name}: {labelled}");
        }
    }
}

#[test]
fn ids_are_unique_and_whatever_is_named_is_there() {
    for sample in every_page() {
        let document = Html::parse_document(&sample.html);
        let ids: Vec<_> = all(&document, "[id]").into_iter().filter_map(|element| element.attr("id")).collect();
        let unique: BTreeSet<_> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len(), "{}", sample.name);
        for attribute in ["aria-describedby", "aria-labelledby", "for", "form"] {
            for element in all(&document, &format!("[{attribute}]")) {
                for id in element.attr(attribute).unwrap_or_default().split(' ') {
                    assert!(unique.contains(id), "{}: {attribute}={id}", sample.name);
                }
            }
        }
        for link in all(&document, "a[href^='#']") {
            let id = link.attr("href").unwrap_or_default().trim_start_matches('#');
            assert!(unique.contains(id), "{}: link to {id}", sample.name);
        }
    }
}

#[test]
fn every_field_has_a_label_and_what_is_wrong_is_tied_to_it() {
    for sample in every_page() {
        let document = Html::parse_document(&sample.html);
        let labels: BTreeSet<_> = all(&document, "label[for]")
            .into_iter()
            .filter(|label| !text(*label).is_empty())
            .filter_map(|label| label.attr("for"))
            .collect();
        for field in all(&document, "input:not([type=hidden]), textarea, select") {
            let id = field.attr("id").unwrap_or_default();
            assert!(labels.contains(id), "{}: {}", sample.name, field.html());
        }
        for group in all(&document, "fieldset") {
            assert_eq!(
                group.child_elements().next().map(|first| first.value().name()),
                Some("legend"),
                "{}",
                sample.name
            );
        }
        for wrong in all(&document, ".wrong[id]") {
            let id = wrong.attr("id").unwrap_or_default();
            let described = all(&document, &format!("[aria-describedby~='{id}']"));
            assert_eq!(described.len(), 1, "{}: {id}", sample.name);
            assert!(described[0].attr("aria-invalid") == Some("true") || described[0].value().name() == "fieldset");
        }
        let (told, listed) = (all(&document, "p.wrong").len(), all(&document, ".summary li").len());
        assert_eq!(told, listed, "{}: the summary has what the fields have", sample.name);
    }
}

/// What a strict content security policy forbids is not there to be forbidden.
#[test]
fn there_is_no_script_no_style_and_nothing_from_elsewhere() {
    for sample in every_page() {
        let name = &sample.name;
        let document = Html::parse_document(&sample.html);
        assert!(
            all(&document, "script, style, [style], iframe, object, embed, base, meta[http-equiv]").is_empty(),
            "{name}"
        );
        for element in all(&document, "*") {
            assert!(!element.value().attrs().any(|(attribute, _)| attribute.starts_with("on")), "{name}");
        }
        for element in all(&document, "link, img, form") {
            for attribute in ["href", "src", "action"] {
                let address = element.attr(attribute).unwrap_or("/");
                assert!(address.starts_with('/') && !address.starts_with("//"), "{name}: {address}");
            }
        }
        for form in all(&document, "form") {
            assert_eq!(form.attr("method"), Some("post"), "{name}");
            let selector = Selector::parse("input[type=hidden][name=csrf]").unwrap();
            assert_eq!(form.select(&selector).count(), 1, "{name}: every form shows that it is ours");
        }
    }
}

/// Forms and links lead to places of the table.
#[test]
fn every_address_is_in_the_table() {
    let known: Vec<_> = pages::paths::ALL.iter().map(|place| place.of("northwind-bank")).collect();
    let is_known = |address: &str| {
        let path = address.split('?').next().unwrap_or_default();
        known.iter().any(|pattern| match pattern.split_once("{id}") {
            None => pattern == path,
            Some((before, after)) => path.starts_with(before) && path.ends_with(after),
        })
    };
    for sample in every_page().into_iter().filter(|sample| sample.firm == "northwind-bank") {
        let document = Html::parse_document(&sample.html);
        for element in all(&document, "a[href], form[action], button[formaction], img[src]") {
            for attribute in ["href", "action", "formaction", "src"] {
                let address = element.attr(attribute).unwrap_or_default();
                if address.starts_with("/northwind-bank") {
                    assert!(is_known(address), "{}: {address}", sample.name);
                }
            }
        }
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

fn templates() -> Vec<(String, String)> {
    let mut found = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/portal"), &mut found);
    let read = |path: PathBuf| (path.display().to_string(), fs::read_to_string(&path).unwrap());
    found.into_iter().map(read).collect()
}

/// What is left of a template without expressions, tags and comments.
fn without(mut text: String, marks: &[(&str, &str)]) -> String {
    for (open, close) in marks {
        while let Some(start) = text.find(open) {
            let length =
                text[start..].find(close).unwrap_or_else(|| panic!("{open} is not closed: {}", &text[start..]))
                    + close.len();
            text.replace_range(start..start + length, "");
        }
    }
    text
}

#[test]
fn templates_have_no_words() {
    for (name, template) in templates() {
        let attributes = without(template.clone(), &[("{{", "}}"), ("{%", "%}"), ("{#", "#}")]);
        for attribute in ["aria-label", "alt", "title", "placeholder", "content"] {
            for (_, rest) in attributes
                .match_indices(&format!(" {attribute}=\""))
                .map(|(at, found)| (at, &attributes[at + found.len()..]))
            {
                let value = rest.split('"').next().unwrap();
                let technical = ["", "width=device-width, initial-scale=1", "light dark"];
                assert!(technical.contains(&value), "{name}: {attribute}={value}");
            }
        }
        let words = without(attributes, &[("<", ">")]);
        assert!(!words.chars().any(char::is_alphabetic), "{name}: {}", words.trim());
    }
}

/// The names of texts that templates and code use as literals.
fn used() -> BTreeSet<String> {
    let mut sources = templates();
    for file in ["src/law.rs", "src/mail.rs", "src/page.rs"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        sources.push((file.to_owned(), fs::read_to_string(path).unwrap()));
    }
    let mut used = BTreeSet::new();
    for (_, source) in sources {
        for call in [".t(\"", ".with(\"", ".both(\""] {
            used.extend(source.split(call).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()));
        }
    }
    used
}

/// The names of texts that are put together, by what they are put together of.
fn composed() -> BTreeSet<String> {
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut add =
        |group: &str, members: &[&str]| names.extend(members.iter().map(|member| format!("{group}.{member}")));
    let steps: Vec<_> = STEPS.iter().map(|(_, name, _)| *name).collect();
    add("step", &steps);
    add("step.lead", &steps);
    let groups: Vec<_> = STEPS
        .iter()
        .flat_map(|(_, _, groups)| *groups)
        .map(|group| group.name)
        .filter(|name| !name.is_empty())
        .collect();
    add("group", &groups);
    add("group.lead", &groups);
    add("field", &FIELDS.iter().map(|field| field.name).collect::<Vec<_>>());
    for field in FIELDS {
        if let pages::fields::Kind::One(choices) | pages::fields::Kind::Many(choices) = field.kind {
            add(&format!("field.{}", field.name), choices);
        }
    }
    add("wrong", &Wrong::ALL.map(|(_, name)| name));
    add("state", &State::ALL.map(State::as_str));
    add("state.text", &State::ALL.map(State::as_str));
    let troubles = pages::portal::Trouble::ALL.map(|(_, _, name)| name);
    add("trouble", &troubles);
    add("trouble.text", &troubles);
    add("file", AttachmentState::NAMES);
    add("from", &["firm", "you", "representative"]);
    add("tongue", &Tongue::ALL.map(Tongue::tag));
    add("format", &["standard", "large_print", "easy_read"]);
    add("unit", shared::clock::pack::Unit::NAMES);
    add("unit_one", shared::clock::pack::Unit::NAMES);
    let reasons: Vec<_> = shared::clock::explain::Reason::NAMES.to_vec();
    add("reason", &reasons);
    add("weekday", &["1", "2", "3", "4", "5", "6", "7"]);
    add("month", &["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"]);
    names.insert("date".to_owned());
    names
}

/// What is looked up by the data that come in, and may be missing.
const BY_DATA: [&str; 5] = ["rule.", "event.", "notice.", "field.", "wrong."];

#[test]
fn every_text_that_is_used_is_there_and_every_text_is_used() {
    let words: BTreeMap<String, String> = serde_json::from_str(include_str!("../texts/en.json")).unwrap();
    let needed: BTreeSet<_> = used().into_iter().chain(composed()).collect();
    for name in &needed {
        assert!(words.contains_key(name), "{name} is not in texts/");
    }
    for name in words.keys() {
        assert!(needed.contains(name) || BY_DATA.iter().any(|group| name.starts_with(group)), "{name} is not used");
    }
}

/// A duty of any shipped rule pack is called something in every language.
#[test]
fn every_duty_of_the_law_has_words() {
    let packs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/rules/packs");
    for entry in fs::read_dir(packs).unwrap() {
        let pack: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(entry.unwrap().path()).unwrap()).unwrap();
        let versions = pack["versions"].as_array().unwrap();
        for rule in versions.iter().flat_map(|version| version["rules"].as_array().unwrap()) {
            if rule["nature"] != "window" {
                let key = format!("rule.{}", rule["id"].as_str().unwrap());
                assert!(Tongue::ALL.iter().all(|tongue| tongue.find(Format::Standard, &key).is_some()), "{key}");
            }
        }
    }
}

fn hostile() -> Vec<String> {
    let naughty = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='alert(1)",
        "</textarea><script>alert(1)</script>",
        "</title><svg/onload=alert(1)>",
        "javascript:alert(1)",
        "{{ 7 * 7 }}{% include \"x\" %}",
        "{firm}{day}{reference}",
        "&lt;b&gt; &#60;script&#62;",
        "\u{202e}gnp.exe\u{200b}\u{feff}",
        "-->]]>--!><!--",
        "\u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467} Zoë Ω 田中 مرحبا",
    ];
    naughty.map(str::to_owned).to_vec()
}

#[test]
fn whatever_a_person_writes_stays_text() {
    for text in hostile() {
        // The words differ by reader, the templates do not.
        for (_, reader) in readers().take(1) {
            let sensible = pages(World { reader, firm: FIRMS[0], hostile: None });
            let attacked = pages(World { reader, firm: FIRMS[0], hostile: Some(&text) });
            for ((name, before), (_, after)) in sensible.into_iter().zip(attacked) {
                let count = |html: &str| {
                    let document = Html::parse_document(html);
                    let risky = all(&document, "script, style, img, iframe, svg, title, textarea, main, form").len();
                    let events = all(&document, "*")
                        .into_iter()
                        .filter(|element| element.value().attrs().any(|(name, _)| name.starts_with("on")))
                        .count();
                    (risky, events)
                };
                assert_eq!(count(&before), count(&after), "{name}: {text}");
            }
        }
    }
}

fn gzipped(bytes: &[u8]) -> usize {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap().len()
}

#[test]
fn the_first_page_is_light() {
    let framework = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(style::FRAMEWORK);
    let framework = fs::read_to_string(framework).expect("the framework is installed by `cargo xtask build`");
    let Brand { main, second } = samples::brand("northwind-bank");
    let styles = [style::whole(&framework, style::OWN), Brand { main, second }.stylesheet()];
    let logo = samples::logo("northwind-bank").len();
    for sample in every_page().into_iter().filter(|sample| sample.name.starts_with("start.")) {
        let weight = gzipped(sample.html.as_bytes())
            + styles.iter().map(|style| gzipped(style.as_bytes())).sum::<usize>()
            + logo;
        println!("{}: {weight} bytes, its HTML {}", sample.name, gzipped(sample.html.as_bytes()));
        assert!(weight <= FIRST_PAGE, "{}: {weight}", sample.name);
    }
}

#[test]
fn mails_say_what_is_needed() {
    for (_, reader) in readers() {
        let page = pages::page::Page { firm: FIRMS[0], reader, here: "/", csrf: "", signed_in: false };
        let code = mail::code(&page, "12345678", "https://example.com/y", 10);
        assert!(code.text.contains("123456") && code.text.contains("10") && !code.subject.contains("123456"));
        let draft = mail::draft(&page, "https://example.com/x", "Friday");
        assert!(draft.text.contains("https://example.com/x") && draft.text.contains("Friday"));
        let deadline = law::Deadline {
            rule: "final_response".to_owned(),
            name: String::new(),
            on: shared::clock::day::Day::new(2027, 1, 22).unwrap(),
            started: shared::clock::day::Day::new(2026, 11, 27).unwrap(),
            length: None,
            citation: None,
            steps: Vec::new(),
            state: shared::clock::ClockState::Running,
        };
        let received = mail::received(&page, "NWB-0C99-78TJ", &[deadline], "https://example.com/y");
        for part in ["NWB-0C99-78TJ", "2027", "https://example.com/y", "Northwind Bank"] {
            assert!(received.text.contains(part), "{part}: {}", received.text);
        }
        assert!(!received.text.contains('{'));
    }
}

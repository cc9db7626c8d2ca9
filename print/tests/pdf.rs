//! A letter as a PDF, read back by another library.

use lopdf::{Dictionary, Document, Object};
use print::{Look, MAX_CHARS, MAX_PARTS, NotPrintable, Page, Part, PartKind, pdf};
use proptest::prelude::*;

fn final_response() -> Page {
    serde_json::from_str(include_str!("final_response.json")).unwrap()
}

/// The letter with these paragraphs in the place of its own.
fn letter(paragraphs: &[&str]) -> Page {
    let part = |text: &&str| Part { is: PartKind::Paragraph, text: (*text).to_owned() };
    Page { parts: paragraphs.iter().map(part).collect(), ..final_response() }
}

fn printed(page: &Page) -> Document {
    Document::load_mem(&pdf(page).unwrap_or_else(|error| panic!("{error}"))).unwrap()
}

fn refusal(page: &Page) -> NotPrintable {
    pdf(page).expect_err("a refusal")
}

fn dictionary<'d>(document: &'d Document, within: &'d Dictionary, key: &[u8]) -> &'d Dictionary {
    document.get_dict_in_dict(within, key).unwrap()
}

fn catalog(document: &Document) -> &Dictionary {
    document.catalog().unwrap()
}

/// The letters of each sheet without the gaps between them, and without the number at its foot.
fn letters(document: &Document) -> Vec<String> {
    let sheets = document.get_pages().len();
    let sheet = |number: u32| {
        let text = document.extract_text(&[number]).unwrap();
        let text: String = text.split_whitespace().collect();
        text.strip_suffix(&format!("{number}/{sheets}")).expect("a number at the foot").to_owned()
    };
    (1..=sheets as u32).map(sheet).collect()
}

fn without_gaps(page: &Page) -> String {
    page.parts.iter().flat_map(|part| part.text.split_whitespace()).collect()
}

/// The roles of the structure tree in the order of reading, each after how deep it is.
fn roles(document: &Document) -> Vec<(usize, String)> {
    fn collect(document: &Document, element: &Object, depth: usize, into: &mut Vec<(usize, String)>) {
        let (_, element) = document.dereference(element).unwrap();
        match element {
            Object::Array(children) => children.iter().for_each(|child| collect(document, child, depth, into)),
            Object::Dictionary(element) => {
                let role = element.get(b"S").and_then(Object::as_name);
                if let Ok(role) = role {
                    into.push((depth, String::from_utf8(role.to_vec()).unwrap()));
                }
                if let Ok(children) = element.get(b"K") {
                    collect(document, children, depth + usize::from(role.is_ok()), into);
                }
            }
            _ => {}
        }
    }
    let mut roles = Vec::new();
    collect(document, catalog(document).get(b"StructTreeRoot").unwrap(), 0, &mut roles);
    roles
}

fn xmp(document: &Document) -> String {
    let (_, metadata) = document.dereference(catalog(document).get(b"Metadata").unwrap()).unwrap();
    let stream = metadata.as_stream().unwrap();
    String::from_utf8(stream.get_plain_content().unwrap_or_else(|_| stream.content.clone())).unwrap()
}

fn paper(document: &Document) -> [i64; 2] {
    let page = document.get_dictionary(document.get_pages()[&1]).unwrap();
    let corners = page.get(b"MediaBox").unwrap().as_array().unwrap();
    [&corners[2], &corners[3]].map(|side| side.as_float().unwrap().round() as i64)
}

#[test]
fn the_same_page_is_the_same_bytes() {
    assert!(pdf(&final_response()).unwrap() == pdf(&final_response()).unwrap());
    let later = Page { dated_at: 1_795_651_201, ..final_response() };
    assert!(pdf(&final_response()).unwrap() != pdf(&later).unwrap());
}

#[test]
fn it_says_what_it_is() {
    let document = printed(&final_response());
    let catalog = catalog(&document);
    assert_eq!(catalog.get(b"Lang").unwrap().as_str().unwrap(), b"en-GB");
    assert!(dictionary(&document, catalog, b"MarkInfo").get(b"Marked").unwrap().as_bool().unwrap());
    let preferences = dictionary(&document, catalog, b"ViewerPreferences");
    assert!(preferences.get(b"DisplayDocTitle").unwrap().as_bool().unwrap());
    let information = dictionary(&document, &document.trailer, b"Info");
    let title = lopdf::decode_text_string(information.get(b"Title").unwrap()).unwrap();
    assert_eq!(title, "Our final response to your complaint NWB-2026-000123");
    assert_eq!(information.get(b"CreationDate").unwrap().as_str().unwrap(), b"D:20261126000000Z");
    let xmp = xmp(&document);
    for claim in ["<pdfuaid:part>1<", "<pdfaid:part>2<", "<pdfaid:conformance>A<"] {
        assert!(xmp.contains(claim), "{claim} in {xmp}");
    }
}

#[test]
fn its_structure_is_that_of_the_letter() {
    let roles = roles(&printed(&final_response()));
    let shown: Vec<_> = roles.iter().map(|(depth, role)| format!("{}{role}", " ".repeat(*depth))).collect();
    let item = ["  LI", "   Lbl", "   LBody"];
    let expected = [
        ["Document", " P", " P", " P", " H1", " P", " P", " H2", " P", " P", " H2", " L"].as_slice(),
        &item,
        &item,
        &item,
        &[" H2", " P", " P", " P", " P", " P"],
    ];
    assert_eq!(shown, expected.concat());
}

#[test]
fn a_heading_without_a_title_above_it_is_of_the_first_level() {
    let heading = Part { is: PartKind::Heading, text: "What we found".to_owned() };
    let page = Page { parts: vec![heading], ..final_response() };
    assert_eq!(roles(&printed(&page)), [(0, "Document".to_owned()), (1, "H1".to_owned())]);
}

#[test]
fn headings_are_in_the_outline_and_a_letter_without_any_has_its_title_there() {
    let entries = |page: &Page| {
        let document = printed(page);
        dictionary(&document, catalog(&document), b"Outlines").get(b"Count").unwrap().as_i64().unwrap()
    };
    assert_eq!(entries(&final_response()), 4);
    assert_eq!(entries(&letter(&["Dear Zoë O’Neil,"])), 1);
}

#[test]
fn its_text_is_there_in_the_order_of_reading() {
    let page = final_response();
    assert_eq!(letters(&printed(&page)).concat().replace('•', ""), without_gaps(&page));
}

#[test]
fn looks_differ_in_size_and_paper_by_the_language() {
    let sheets = [Look::Standard, Look::LargePrint, Look::EasyRead]
        .map(|look| printed(&Page { look, ..final_response() }).get_pages().len());
    assert_eq!(sheets, [2, 3, 3]);
    let papers =
        ["en-GB", "en-US"].map(|language| paper(&printed(&Page { language: language.to_owned(), ..final_response() })));
    assert_eq!(papers, [[595, 842], [612, 792]]);
}

#[test]
fn a_long_letter_is_on_many_sheets_with_every_word_once() {
    let summary = final_response().parts.remove(8).text;
    let page = letter(&vec![summary.as_str(); MAX_PARTS]);
    let sheets = letters(&printed(&page));
    assert!(sheets.len() > 25, "{}", sheets.len());
    assert_eq!(sheets.concat(), without_gaps(&page));
}

#[test]
fn no_heading_ends_a_sheet_and_no_line_of_a_paragraph_is_alone() {
    let ends_well = |lines: usize| {
        let line = |text: &str| Part { is: PartKind::Paragraph, text: text.to_owned() };
        let heading = Part { is: PartKind::Heading, text: "What we found".to_owned() };
        let mut parts = vec![line(&vec!["x"; lines].join("\n")), heading, line("a\nb\nc\nd")];
        parts.push(line("z"));
        let sheets = letters(&printed(&Page { parts, ..final_response() }));
        let [first, ..] = sheets.as_slice() else { panic!("no sheet") };
        let ends = ["abcdz", "abcd", "ab", "x"];
        assert!(ends.iter().any(|end| first.ends_with(end)), "{lines} lines: {first}");
        assert_ne!(sheets.get(1).map(String::as_str), Some("x"));
        first.ends_with('x')
    };
    assert!((25..40).any(ends_well));
    assert!((25..40).any(|lines| !ends_well(lines)));
}

#[test]
fn what_no_font_has_is_refused_by_its_characters() {
    let characters = |text: &str| match refusal(&letter(&["Dear Zoë O’Neil,", text])) {
        NotPrintable::Characters(characters) => characters.into_iter().collect::<String>(),
        other => panic!("{other}"),
    };
    assert_eq!(characters("Thank you 👩‍👧"), "👧👩");
    assert_eq!(
        characters("شكوى"),
        "شكوى".chars().collect::<std::collections::BTreeSet<_>>().iter().collect::<String>()
    );
    assert_eq!(characters("nul\0 and bell\u{7}"), "\0\u{7}");
    assert_eq!(characters("一二三四五六七八九十百千").chars().count(), 10);
    assert_eq!(refusal(&letter(&["\0"])).to_string(), "characters that cannot be printed: U+0000");
}

#[test]
fn words_that_are_not_seen_are_refused_as_well() {
    let page = Page { author: "銀行".to_owned(), ..final_response() };
    assert!(matches!(refusal(&page), NotPrintable::Characters(_)));
}

#[test]
fn text_of_many_alphabets_is_printed() {
    for text in [
        "Zażółć gęślą jaźń – příliš žluťoučký kůň – şikâyetiniz için, ığdır",
        "ŵyl, tŷ, siarad; a Cháit; £12.50, €1\u{202f}234,56, “quoted” ‘text’ — • ½",
        "Khiếu nại của quý vị Nguyễn Thơ đã được tiếp nhận",
        "Η καταγγελία σας ελήφθη",
        "Ваша жалоба получена; вашу скаргу отримано",
    ] {
        let page = letter(&[text]);
        assert_eq!(letters(&printed(&page)).concat(), without_gaps(&page));
    }
    let decomposed = letter(&["Zoe\u{308} w\u{302} a\u{323}\u{302}"]);
    assert!(pdf(&decomposed).is_ok());
}

#[test]
fn unusual_text_is_printed() {
    let word = "x".repeat(5_000);
    assert_eq!(letters(&printed(&letter(&[&word]))).concat(), word);
    let nothing = letter(&["\n\n\n", " \u{a0}\t", ""]);
    assert_eq!(letters(&printed(&nothing)), [""]);
    assert_eq!(roles(&printed(&nothing)), [(0, "Document".to_owned())]);
    let joined = letter(&["soft\u{ad}hyphen\u{200d}ated \u{202e}back\u{202c} \u{feff}\u{2060}"]);
    assert_eq!(letters(&printed(&joined)).concat(), "softhyphenatedback");
    assert!(pdf(&letter(&["one\r\ntwo\rthree\u{2028}four\u{b}five\u{85}six"])).is_ok());
}

#[test]
fn limits_are_kept() {
    let long = "x ".repeat(MAX_CHARS / 2);
    assert!(pdf(&letter(&[&long])).is_ok());
    let longer = format!("{long}x");
    assert_eq!(refusal(&letter(&[&longer])), NotPrintable::TooLong);
    assert_eq!(refusal(&letter(&[long.as_str(); MAX_PARTS])), NotPrintable::TooLong);
    assert_eq!(refusal(&letter(&["x"; MAX_PARTS + 1])), NotPrintable::TooLong);
    assert_eq!(refusal(&letter(&["x\n".repeat(MAX_CHARS / 2).as_str()])), NotPrintable::TooLong);
    assert_eq!(refusal(&Page { title: longer, ..final_response() }), NotPrintable::TooLong);
}

#[test]
fn properties_that_no_document_can_have_are_refused() {
    for language in ["", "en_GB", "en--GB", "english language", "abcdefghi"] {
        assert_eq!(refusal(&Page { language: language.to_owned(), ..final_response() }), NotPrintable::Unspoken);
    }
    for dated_at in [i64::MIN, i64::MAX, -62_167_219_201, 253_402_300_800] {
        assert_eq!(refusal(&Page { dated_at, ..final_response() }), NotPrintable::Undated);
    }
    assert_eq!(refusal(&Page { title: " \n".to_owned(), ..final_response() }), NotPrintable::Untitled);
    assert!(pdf(&Page { author: String::new(), ..final_response() }).is_ok());
}

#[test]
fn a_page_is_what_the_other_worker_says() {
    let page = final_response();
    let again: Page = serde_json::from_value(serde_json::to_value(&page).unwrap()).unwrap();
    assert!(pdf(&page).unwrap() == pdf(&again).unwrap());
    assert!(serde_json::from_str::<Part>(r#"{ "is": "item", "text": "", "colour": "red" }"#).is_err());
}

fn kind() -> impl Strategy<Value = PartKind> {
    prop::sample::select(vec![
        PartKind::Sender,
        PartKind::Addressee,
        PartKind::Date,
        PartKind::Title,
        PartKind::Heading,
        PartKind::Paragraph,
        PartKind::Item,
    ])
}

/// Anything, and what is more often printable.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,60}",
        any::<String>(),
        "[a-zA-Z0-9 \n£€’–•.,\u{c0}-\u{24f}]{0,400}",
        "[a-zα-ωа-я \n\t\u{200b}-\u{200f}\u{300}-\u{345}\u{1ea0}-\u{1ef9}]{0,200}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_page_is_printed_or_refused(
        parts in prop::collection::vec((kind(), text()), 0..8),
        title in text(),
        look in prop::sample::select(vec![Look::Standard, Look::LargePrint, Look::EasyRead]),
        language in prop::sample::select(vec!["en-GB", "en-US", "tr", "el", "sr-Cyrl-RS"]),
    ) {
        let parts = parts.into_iter().map(|(is, text)| Part { is, text }).collect();
        let page = Page { parts, title, look, language: language.to_owned(), ..final_response() };
        match pdf(&page) {
            Ok(bytes) => prop_assert!(Document::load_mem(&bytes).is_ok()),
            Err(NotPrintable::Characters(_) | NotPrintable::Untitled) => {}
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        }
    }
}

//! Letters of a complaint: choosing one, writing it with what it still lacks beside it, and what becomes of it.

use super::{
    case::{Rights, Trouble},
    case_form::{Begun, Choices, Command, Control, Drawn, Form, Group, Input, Kind, REDRESS_ROWS, When},
    case_json::{has, list, number, text},
    case_timeline::People,
    case_words::{Civil, lower, money, words},
    shell::Shell,
};
use askama::Template;
use serde_json::{Map, Value};

/// The complaint that a letter is of, and what is sent along with whatever is done to it.
#[derive(Clone, Debug)]
pub struct About {
    /// The id.
    pub id: String,
    /// The version.
    pub version: i64,
    /// The reference.
    pub reference: String,
    /// Who complains.
    pub name: String,
    /// Makes sure that what is sent is done once.
    pub key: String,
    /// The token of the lock that whoever writes holds; may be empty.
    pub lock: String,
    /// The zone in which moments are typed.
    pub zone: &'static str,
}

/// A kind of letter that is offered.
#[derive(Clone, Debug)]
pub struct Offered {
    /// The kind.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What sending it records.
    pub records: String,
    /// What the law wants in it.
    pub elements: Vec<String>,
}

/// Which letter?
#[derive(Clone, Debug, Template)]
#[template(path = "console/letter_kinds.html")]
pub struct Choose {
    /// What is around it.
    pub shell: Shell,
    /// The complaint.
    pub about: About,
    /// The kinds.
    pub kinds: Vec<Offered>,
}

/// A piece of a letter.
#[derive(Clone, Debug)]
pub struct Block {
    /// `heading`, `paragraph` or `item`.
    pub is: String,
    /// What it says.
    pub text: String,
}

/// What a letter says, and what it lacks.
#[derive(Clone, Debug, Default)]
pub struct Text {
    /// What it is about.
    pub subject: String,
    /// Its language, as a tag.
    pub language: String,
    /// To whom.
    pub to: String,
    /// How it looks.
    pub format: String,
    /// The text.
    pub blocks: Vec<Block>,
    /// What the law wants in it and is not there: what, and which rule.
    pub missing: Vec<(String, String)>,
}

/// A letter that is being written.
#[derive(Clone, Debug, Template)]
#[template(path = "console/letter_write.html")]
pub struct Write {
    /// What is around it.
    pub shell: Shell,
    /// The complaint.
    pub about: About,
    /// What sort of letter: code and name.
    pub kind: (String, String),
    /// The letter that is written anew; may be empty.
    pub letter: String,
    /// What has to be said before it is written; may be empty.
    pub notice: &'static str,
    /// What is filled in.
    pub form: Form,
    /// What it comes to, if that could be told.
    pub text: Option<Text>,
    /// Whether somebody else has to approve it.
    pub needs_approval: bool,
    /// Why it could not be told, or kept.
    pub trouble: Option<Trouble>,
}

/// A letter that is kept.
#[derive(Clone, Debug, Template)]
#[template(path = "console/letter.html")]
pub struct Letter {
    /// What is around it.
    pub shell: Shell,
    /// The complaint.
    pub about: About,
    /// The letter.
    pub letter: String,
    /// What sort of letter: code and name.
    pub kind: (String, String),
    /// How it stands: code, words and tone.
    pub state: (String, String, &'static str),
    /// What else is known: name and value.
    pub facts: Vec<(String, String)>,
    /// What it says.
    pub text: Text,
    /// What whoever reads may do.
    pub rights: Rights,
    /// Whether they wrote it, and so may not approve it.
    pub is_own: bool,
    /// What was done; may be empty.
    pub done: &'static str,
    /// What did not go.
    pub trouble: Option<Trouble>,
}

impl Letter {
    /// Whether it was sent.
    #[must_use]
    pub fn is_sent(&self) -> bool {
        self.state.0 == "sent"
    }
}

/// What a summary resolution answers.
const ANSWER: &Command = &Command {
    fields: &[
        super::case_form::Field {
            at: "response/outcome",
            label: "Outcome",
            hint: "",
            kind: Kind::Choice(&["upheld", "partly_upheld", "rejected"]),
            required: true,
        },
        super::case_form::Field {
            at: "response/summary",
            label: "What was agreed",
            hint: "",
            kind: Kind::Text,
            required: true,
        },
        super::case_form::Field {
            at: "response/redress",
            label: "Redress",
            hint: "",
            kind: Kind::Redress,
            required: false,
        },
    ],
    ..LETTER
};

/// A letter that answers nothing itself.
const LETTER: Command = Command {
    id: "letter",
    command: "letters",
    label: "Letter",
    button: "Keep as a draft",
    done: "",
    hint: "",
    when: When::Always,
    group: Group::Next,
    grave: false,
    changes: false,
    long: false,
    fixed: &[],
    fields: &[],
};
const PLAIN: &Command = &LETTER;

/// What sort of letter is written, and of what.
#[derive(Clone, Copy, Debug)]
pub struct Writing<'a> {
    /// The kind, of `GET /v1/letters/kinds`.
    pub kind: &'a Value,
    /// The template that it is made of: an object with `blocks`.
    pub template: &'a Value,
    /// The languages in which there is one.
    pub languages: &'a [String],
    /// The civil time.
    pub civil: Civil,
}

impl Writing<'_> {
    fn command(&self) -> &'static Command {
        if text(self.kind, "/records") == "summary_resolution" { ANSWER } else { PLAIN }
    }

    /// The names of all controls.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let own = texts_of(self.template).into_iter().map(|name| format!("texts/{name}"));
        let chosen = ["language", "format"].map(str::to_owned);
        own.chain(chosen).chain(self.command().names(&[])).collect()
    }

    /// The form, as far as it is filled in.
    #[must_use]
    pub fn form(&self, choices: &Choices, begun: &Begun) -> Form {
        let mut form = Form::new(self.command(), &Value::Null, choices, self.civil, Some(begun));
        let of = |name: &str| {
            let found =
                |all: &[(String, String)]| all.iter().find(|(held, _)| held == name).map(|(_, value)| value.clone());
            (found(&begun.typed).unwrap_or_default(), found(&begun.wrong).unwrap_or_default())
        };
        let one = |name: &str, label: String, hint, control| {
            let (value, wrong) = of(name);
            let id = format!("letter-{}", name.replace('/', "-"));
            let input = Input { id, name: name.to_owned(), label, hint, required: false, value, wrong, control };
            Drawn { legend: "", wrong: String::new(), inputs: vec![input], was: None }
        };
        let mut fields: Vec<Drawn> = texts_of(self.template)
            .iter()
            .map(|name| one(&format!("texts/{name}"), words(name), "", Control::Text))
            .collect();
        fields.append(&mut form.fields);
        let first = |name: &str| (String::new(), name.to_owned());
        let languages = self.languages.iter().map(|tag| (tag.clone(), tag.clone()));
        let languages = [first("The complainant’s")].into_iter().chain(languages).collect();
        let formats =
            ["standard", "large_print", "easy_read", "braille", "audio"].map(|code| (code.to_owned(), words(code)));
        let formats = [first("As the complainant wishes")].into_iter().chain(formats).collect();
        fields.push(one("language", "Language".to_owned(), "", Control::Select(languages)));
        fields.push(one("format", "Format".to_owned(), "", Control::Select(formats)));
        form.fields = fields;
        form
    }

    /// The body of a draft; `gaps` has a letter shown where not all is written yet.
    ///
    /// # Errors
    /// Each field that does not do, and why.
    pub fn body(
        &self,
        letter: &str,
        gaps: bool,
        typed: &dyn Fn(&str) -> String,
    ) -> Result<Value, Vec<(String, String)>> {
        let Value::Object(mut body) = self.command().body(typed, self.civil, &[])? else { return Err(Vec::new()) };
        let mut own = Map::new();
        for name in texts_of(self.template) {
            let said = typed(&format!("texts/{name}")).replace("\r\n", "\n").trim().to_owned();
            if !said.is_empty() {
                own.insert(name, said.into());
            } else if gaps {
                own.insert(name.clone(), gap(&name).into());
            }
        }
        body.insert("kind".to_owned(), text(self.kind, "/id").into());
        body.insert("texts".to_owned(), Value::Object(own));
        for name in ["language", "format"] {
            let said = typed(name);
            if !said.is_empty() {
                body.insert(name.to_owned(), said.into());
            }
        }
        if !letter.is_empty() {
            body.insert("letter".to_owned(), letter.into());
        }
        Ok(Value::Object(body))
    }

    /// What a draft that is written anew begins with, as it would be typed, of what keeps it: an object with `document` and `response`.
    /// The author's own words are in the document alone: see [`Writing::own`].
    #[must_use]
    pub fn again(&self, kept: &Value, complaint: &Value) -> Vec<(String, String)> {
        let mut typed = Vec::new();
        let mut add = |name: &str, value: &str| {
            if !value.is_empty() {
                typed.push((name.to_owned(), value.to_owned()));
            }
        };
        let language = text(kept, "/document/language");
        if language != text(complaint, "/complainant/language") && self.languages.iter().any(|held| held == language) {
            add("language", language);
        }
        let format = text(kept, "/document/format");
        if format != text(complaint, "/complainant/format") {
            add("format", format);
        }
        if text(self.kind, "/records") != "summary_resolution" {
            return typed;
        }
        for at in ["response/outcome", "response/summary"] {
            add(at, text(kept, &format!("/{at}")));
        }
        let redress = list(kept, "/response/redress");
        // More than there are rows for is not shown in part.
        for (row, item) in redress.iter().enumerate().filter(|_| redress.len() <= REDRESS_ROWS) {
            let mut member = |name: &str, value: &str| add(&format!("response/redress-{row}-{name}"), value);
            member("kind", text(item, "/kind"));
            member("description", text(item, "/description"));
            if has(item, "/minor") {
                let currency = text(item, "/currency");
                let sum = money(currency, number(item, "/minor"));
                member("amount", sum.trim_start_matches(currency).trim());
                member("currency", currency);
            }
        }
        typed
    }

    /// The author's own words in a draft: what it says where the same letter, as it is made now, has gaps. None where the two are not
    /// alike around them.
    #[must_use]
    pub fn own(&self, kept: &Text, gapped: &Text) -> Vec<(String, String)> {
        if kept.blocks.len() != gapped.blocks.len() {
            return Vec::new();
        }
        let names = texts_of(self.template);
        let subjects = [(kept.subject.as_str(), gapped.subject.as_str())];
        let blocks = kept.blocks.iter().zip(&gapped.blocks).map(|(kept, gapped)| (&*kept.text, &*gapped.text));
        let mut own: Vec<(String, String)> = Vec::new();
        for (name, said) in
            subjects.into_iter().chain(blocks).filter_map(|(kept, gapped)| filled(&names, kept, gapped)).flatten()
        {
            let name = format!("texts/{name}");
            if !own.iter().any(|(held, _)| *held == name) {
                own.push((name, said.to_owned()));
            }
        }
        own
    }

    /// What an author has still to write.
    #[must_use]
    pub fn gaps(&self, typed: &dyn Fn(&str) -> String) -> Vec<(String, String)> {
        let names = texts_of(self.template).into_iter();
        let gaps = names.filter(|name| typed(&format!("texts/{name}")).trim().is_empty());
        gaps.map(|name| (words(&name), "You have not written it yet".to_owned())).collect()
    }
}

/// What stands in a letter for what its author has still to write.
fn gap(name: &str) -> String {
    format!("[{}: still to be written]", words(name))
}

/// What stands in `kept` where `gapped` has gaps, by name; none if they are not alike around them.
fn filled<'n, 'k>(names: &'n [String], kept: &'k str, gapped: &str) -> Option<Vec<(&'n str, &'k str)>> {
    let next = |said: &str| names.iter().filter_map(|name| Some((said.find(&gap(name))?, name))).min();
    let Some((at, name)) = next(gapped) else { return (kept == gapped).then(Vec::new) };
    let (before, gapped) = gapped.split_at_checked(at)?;
    let (kept, gapped) = (kept.strip_prefix(before)?, gapped.strip_prefix(&gap(name))?);
    // The words end where the letter goes on: with its end, or with what is before the next gap.
    let end = match next(gapped) {
        None => kept.strip_suffix(gapped)?.len(),
        Some((0, _)) => return None,
        Some((at, _)) => kept.find(gapped.get(..at)?)?,
    };
    let (said, kept) = kept.split_at_checked(end)?;
    let rest = filled(names, kept, gapped)?;
    Some([(name.as_str(), said)].into_iter().chain(rest).collect())
}

/// The names of what an author writes, as a template has them: `{{ text.reasons }}`.
#[must_use]
pub fn texts_of(template: &Value) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let blocks = list(template, "/blocks").iter().map(|block| text(block, "/text"));
    for said in blocks.chain([text(template, "/subject")]) {
        for (at, _) in said.match_indices("text.") {
            let (before, after) = said.split_at(at);
            let inside = |sign: char| sign.is_ascii_alphanumeric() || sign == '_' || sign == '-';
            let name: String = after.chars().skip("text.".len()).take_while(|sign| inside(*sign)).collect();
            let in_a_word = before.ends_with(|sign| inside(sign) || sign == '.');
            if !name.is_empty() && !in_a_word && !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// The kinds of letters that are for complaints of a sector under a law, as far as these alone say so.
#[must_use]
pub fn offered(kinds: &Value, sector: &str, jurisdiction: &str) -> Vec<Offered> {
    let names = |condition: &Value, at: &str, code: &str| {
        let named = list(condition, at);
        named.is_empty() || named.iter().any(|held| held.as_str() == Some(code))
    };
    let fits =
        |condition: &Value| names(condition, "/sector", sector) && names(condition, "/jurisdiction", jurisdiction);
    let is_for = |kind: &&Value| {
        let conditions = list(kind, "/applies_when");
        conditions.is_empty() || conditions.iter().any(fits)
    };
    let offered = |kind: &Value| Offered {
        id: text(kind, "/id").to_owned(),
        name: text(kind, "/name").to_owned(),
        records: records(text(kind, "/records")),
        elements: list(kind, "/elements").iter().map(|element| text(element, "/name").to_owned()).collect(),
    };
    list(kinds, "/data").iter().filter(is_for).map(offered).collect()
}

/// What sending a kind of letter records.
fn records(code: &str) -> String {
    match code {
        "acknowledgement" => "Acknowledges the complaint".to_owned(),
        "holding_response" => "Says that the answer is late".to_owned(),
        "summary_resolution" | "final_response" => "Resolves the complaint".to_owned(),
        "adr_letter" => "Tells of the ombudsman".to_owned(),
        "update" => "Says how it goes".to_owned(),
        other => words(other),
    }
}

/// What a letter says, of an answer that has `document` and `missing`.
#[must_use]
pub fn said(answer: &Value) -> Text {
    let of = |at: &str| text(answer, at).to_owned();
    let block = |block: &Value| Block { is: text(block, "/is").to_owned(), text: text(block, "/text").to_owned() };
    let missing = |missing: &Value| (text(missing, "/name").to_owned(), text(missing, "/citation").to_owned());
    Text {
        subject: of("/document/subject"),
        language: of("/document/language"),
        to: of("/document/to"),
        format: of("/document/format"),
        blocks: list(answer, "/document/blocks").iter().map(block).collect(),
        missing: list(answer, "/missing").iter().map(missing).collect(),
    }
}

/// How a letter stands: code, words and tone.
#[must_use]
pub fn state(letter: &Value, civil: Civil) -> (String, String, &'static str) {
    let code = text(letter, "/state").to_owned();
    let (words, tone) = match code.as_str() {
        "sent" => (format!("Sent on {}", civil.date(text(letter, "/sent_at"))), "good"),
        "approved" => ("Approved".to_owned(), "info"),
        _ => ("Draft".to_owned(), "warn"),
    };
    (code, words, tone)
}

/// What else is known of a letter.
#[must_use]
pub fn facts(letter: &Value, people: &People, civil: Civil) -> Vec<(String, String)> {
    let actor = |at: &str| letter.pointer(at).filter(|actor| actor.is_object()).map(|actor| people.actor(actor));
    let facts = [
        ("To", text(letter, "/document/to").to_owned()),
        ("Drafted by", actor("/drafted_by").unwrap_or_default()),
        ("Approved by", actor("/approved_by").unwrap_or_default()),
        ("Sent", civil.moment(text(letter, "/sent_at"))),
        ("Dated", text(letter, "/dated").to_owned()),
        ("Language", text(letter, "/document/language").to_owned()),
        ("Format", lower(text(letter, "/document/format"))),
    ];
    facts.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_an_author_writes_is_found_in_templates() {
        let template = json!({"blocks": [
            {"text": "{{ text.reasons }} and {{ context.nothing }} {% if text.expected %}{{ text.expected }}{% endif %}"},
            {"text": "{{text.reasons}} {{ complaint.text.no }}"},
        ]});
        assert_eq!(texts_of(&template), ["reasons", "expected"]);
    }

    #[test]
    fn kinds_are_of_a_sector_and_a_law() {
        let kinds = json!({"data": [
            {"id": "a", "applies_when": [{"sector": ["bank"], "jurisdiction": ["scotland"]}]},
            {"id": "b", "applies_when": [{"sector": ["airline"]}]},
            {"id": "c", "applies_when": []},
        ]});
        let ids: Vec<_> = offered(&kinds, "bank", "scotland").into_iter().map(|kind| kind.id).collect();
        assert_eq!(ids, ["a", "c"]);
    }

    #[test]
    fn a_draft_is_what_the_api_takes() {
        let kind = json!({"id": "fca_summary_resolution", "records": "summary_resolution"});
        let template = json!({"blocks": [{"text": "{{ text.reasons }}"}]});
        let civil = Civil::of("Europe/London", "2026-11-27T12:00:00Z".parse().unwrap());
        let writing = Writing { kind: &kind, template: &template, languages: &[], civil };
        let typed = |name: &str| match name {
            "texts/reasons" => "Because.\r\nSo.".to_owned(),
            "response/outcome" => "upheld".to_owned(),
            "response/summary" => "Agreed.".to_owned(),
            "language" => "cy".to_owned(),
            _ => String::new(),
        };
        assert_eq!(
            writing.body("", false, &typed).unwrap(),
            json!({"kind": "fca_summary_resolution", "texts": {"reasons": "Because.\nSo."}, "language": "cy",
                "response": {"outcome": "upheld", "summary": "Agreed."}})
        );
        assert_eq!(writing.body("", true, &|_| String::new()).unwrap_err().len(), 2);
        assert_eq!(writing.gaps(&|_| String::new()).len(), 1);
        let names = writing.names();
        assert!(names.contains(&"texts/reasons".to_owned()) && names.contains(&"response/redress-0-kind".to_owned()));
    }

    #[test]
    fn a_draft_that_is_written_anew_begins_with_what_it_said() {
        let kind = json!({"id": "fca_summary_resolution", "records": "summary_resolution"});
        let template =
            json!({"subject": "{{ text.title }}", "blocks": [{"text": "{{ text.reasons }} {{ text.expected }}"}]});
        let languages = ["en-GB".to_owned(), "cy".to_owned()];
        let civil = Civil::of("Europe/London", "2026-11-27T12:00:00Z".parse().unwrap());
        let writing = Writing { kind: &kind, template: &template, languages: &languages, civil };
        let response = json!({"outcome": "upheld", "summary": "Agreed.", "redress": [
            {"kind": "apology"}, {"kind": "refund", "minor": 120_050, "currency": "GBP", "description": "The fee"}]});
        let kept = json!({"document": {"language": "cy", "format": "standard"}, "response": response});
        let complaint = json!({"complainant": {"language": "en-GB", "format": "large_print"}});
        let typed = writing.again(&kept, &complaint);
        let get = |name: &str| {
            typed.iter().find(|(held, _)| held == name).map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let body = writing.body("", false, &get).unwrap();
        assert_eq!(
            body,
            json!({"kind": "fca_summary_resolution", "texts": {}, "language": "cy", "format": "standard", "response": response})
        );
        let of_complainant = json!({"complainant": {"language": "cy", "format": "standard"}});
        assert!(
            !writing.again(&kept, &of_complainant).iter().any(|(name, _)| ["language", "format"].contains(&&**name))
        );
        let mut many = kept;
        many["response"]["redress"] = json!(vec![json!({"kind": "apology"}); REDRESS_ROWS + 1]);
        assert!(!writing.again(&many, &complaint).iter().any(|(name, _)| name.contains("redress")));
    }

    #[test]
    fn an_authors_words_are_found_in_a_draft() {
        let kind = json!({"id": "fca_eight_week_letter", "records": "adr_letter"});
        let template = json!({"subject": "About {{ text.title }}", "blocks": [
            {"text": "{{ text.update }}"}, {"text": "Because {{ text.reasons }}, so {{ text.expected }}."}, {"text": "Yours"},
        ]});
        let civil = Civil::of("Europe/London", "2026-11-27T12:00:00Z".parse().unwrap());
        let writing = Writing { kind: &kind, template: &template, languages: &[], civil };
        let letter = |subject: &str, said: &[&str]| Text {
            subject: subject.to_owned(),
            blocks: said.iter().map(|said| Block { is: "paragraph".to_owned(), text: (*said).to_owned() }).collect(),
            ..Text::default()
        };
        let both = format!("Because {}, so {}.", gap("reasons"), gap("expected"));
        let gapped = letter(&format!("About {}", gap("title")), &[&gap("update"), &both, "Yours"]);
        let own = |subject: &str, said: &[&str]| writing.own(&letter(subject, said), &gapped);
        let named = |all: &[(&str, &str)]| {
            all.iter().map(|(name, said)| (format!("texts/{name}"), (*said).to_owned())).collect::<Vec<_>>()
        };
        assert_eq!(
            own("About ß", &["We are\non it.", "Because it rained, so wait.", "Yours"]),
            named(&[("title", "ß"), ("update", "We are\non it."), ("reasons", "it rained"), ("expected", "wait")])
        );
        // Made otherwise by now: in its subject and a block, or in how many there are.
        assert_eq!(own("On ß", &["On it.", "As it rained, so wait.", "Yours"]), named(&[("update", "On it.")]));
        assert_eq!(own("About ß", &["On it.", "Yours"]), []);
    }
}

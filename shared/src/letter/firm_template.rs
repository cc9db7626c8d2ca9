//! A firm's own templates, kept and versioned: one for each kind of letter, language and brand. A version stays as it is; every change
//! is another one, and a letter names the one that it was made of.

use super::{
    document::MAX_BLOCKS,
    kind::{Element, Kind, kinds},
    template::{Template, TemplateBlock, syntax},
};
use crate::{
    access::Actor,
    complaint::intake::{Language, List},
    http::problem::{FieldError, Rule},
    text::{Code, Line},
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most versions of a tenant's templates, of all together.
pub const MAX_VERSIONS: u32 = 2_000;

/// The brand of letters that are of no other: the firm itself.
pub const FIRM: &str = "firm";

/// What a template is for. A tenant has one template for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purpose {
    /// The kind of letter.
    pub kind: Code,
    /// The language it is written in.
    pub language: Language,
    /// The brand it is of, or [`FIRM`].
    pub brand: Code,
}

/// The body of `PUT /v1/letters/templates/{kind}/{language}/{brand}`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateText {
    /// What the letter is about.
    pub subject: Line<200>,
    /// What it says.
    pub blocks: List<TemplateBlock, MAX_BLOCKS>,
}

/// A version of a firm's template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FirmTemplate {
    /// The kind of letter.
    pub kind: Code,
    /// The language it is written in.
    pub language: Language,
    /// The brand it is of, or `firm`.
    pub brand: Code,
    /// 1, 2, 3, …; the `ETag` is `"v<version>"`.
    pub version: u32,
    /// Whether it was withdrawn by this version: letters are made without it.
    pub retired: bool,
    /// When it was saved.
    pub saved_at: Timestamp,
    /// Who saved it.
    pub saved_by: Actor,
    /// What the letter is about.
    pub subject: Line<200>,
    /// What it says. Empty in lists.
    pub blocks: List<TemplateBlock, MAX_BLOCKS>,
}

impl Purpose {
    /// The kind, if there is such.
    #[must_use]
    pub fn kind(&self) -> Option<&'static Kind> {
        kinds().iter().find(|kind| kind.id == self.kind)
    }

    /// The first version, or the next after `before`.
    #[must_use]
    pub fn version(self, before: Option<&FirmTemplate>, text: TemplateText, by: Actor, now: Timestamp) -> FirmTemplate {
        let Self { kind, language, brand } = self;
        let TemplateText { subject, blocks } = text;
        let version = before.map_or(0, |before| before.version) + 1;
        let saved_at = before.map_or(now, |before| before.saved_at.max(now));
        FirmTemplate { kind, language, brand, version, retired: false, saved_at, saved_by: by, subject, blocks }
    }
}

impl FirmTemplate {
    /// The version that withdraws it.
    #[must_use]
    pub fn withdrawn(self, by: Actor, now: Timestamp) -> Self {
        let Self { version, saved_at, .. } = self;
        let saved_at = saved_at.max(now);
        Self { version: version + 1, retired: true, saved_at, saved_by: by, blocks: List::default(), ..self }
    }

    /// Whether it says just that.
    #[must_use]
    pub fn says(&self, text: &TemplateText) -> bool {
        (&self.subject, &self.blocks) == (&text.subject, &text.blocks)
    }

    /// What letters are made of. It is called after its brand.
    #[must_use]
    pub fn template(self) -> Option<Template> {
        let Self { language, brand, version, subject, blocks, .. } = self;
        let version = Code::try_from(version.to_string()).ok()?;
        Some(Template { id: brand, version, language, subject, blocks })
    }
}

impl TemplateText {
    /// Why it cannot be one for letters of this kind: a text that is no template, a block that is an element which the kind has not, an
    /// element that no block is, so that every letter would be refused.
    #[must_use]
    pub fn errors(&self, kind: &Kind) -> Vec<FieldError> {
        let mut errors: Vec<FieldError> = syntax("/subject", self.subject.as_str()).into_iter().collect();
        for (at, block) in self.blocks.iter().enumerate() {
            errors.extend(syntax(&format!("/blocks/{at}/text"), block.text.as_str()));
            let known = |id: &&Code| kind.elements.iter().any(|element| element.id == **id);
            if block.element.as_ref().is_some_and(|id| !known(&id)) {
                let pointer = format!("/blocks/{at}/element");
                errors.push(FieldError::at(&pointer, Rule::Unknown, format!("is no element of {}", kind.id)));
            }
        }
        let lacking = kind.elements.iter().filter(|element| !self.blocks.iter().any(|block| is(block, element)));
        errors.extend(lacking.map(|element| {
            let detail = format!("has no block for: {} ({})", element.name.as_str(), element.citation.as_str());
            FieldError::at(&format!("/elements/{}", element.id), Rule::Missing, detail)
        }));
        errors
    }
}

/// Whether a block is for this element, and says the words it has to, if it has to say some.
fn is(block: &TemplateBlock, element: &Element) -> bool {
    let text = block.text.as_str();
    let says = |wording: &str| text.contains(wording) || text.contains(&format!("wording.{}", element.id));
    block.element.as_ref() == Some(&element.id)
        && element.wording.as_ref().is_none_or(|wording| says(wording.as_str().trim()))
}

/// The languages of a template for whoever reads `wanted`, the best first; each is looked for among the brand's templates and then
/// among the firm's. In the end that of the kind's own template, which comes with Redress (RFC 4647 §3.4, lookup, of one subtag).
#[must_use]
pub fn languages(wanted: Option<&Language>, kind: &Kind) -> Vec<Language> {
    let general = |tag: &Language| tag.as_str().split('-').next().map(str::to_owned).map(Language::try_from);
    let primary = wanted.and_then(general).and_then(Result::ok);
    let mut languages = Vec::new();
    for language in wanted.cloned().into_iter().chain(primary).chain([kind.template.language.clone()]) {
        if !languages.contains(&language) {
            languages.push(language);
        }
    }
    languages
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kind() -> &'static Kind {
        kinds().iter().find(|kind| kind.id.as_str() == "fca_final_response").unwrap()
    }

    fn text(subject: &str, mut blocks: serde_json::Value) -> TemplateText {
        if blocks.is_null() {
            blocks = serde_json::to_value(&kind().template.blocks).unwrap();
        }
        serde_json::from_value(json!({ "subject": subject, "blocks": blocks })).unwrap()
    }

    #[test]
    fn the_templates_that_are_shipped_could_be_saved() {
        for kind in kinds() {
            let Template { subject, blocks, .. } = kind.template.clone();
            assert_eq!(TemplateText { subject, blocks }.errors(kind), [], "{}", kind.id);
        }
    }

    #[test]
    fn what_could_only_make_letters_that_are_refused_is_no_template() {
        let pointers = |text: TemplateText| -> Vec<String> {
            text.errors(kind()).into_iter().filter_map(|error| error.pointer).collect()
        };
        assert_eq!(pointers(text("{{ oops", json!(null))), ["/subject"]);
        let empty = pointers(text("Your complaint", json!([])));
        assert_eq!(empty.len(), kind().elements.len());
        assert!(empty.contains(&"/elements/six_months".to_owned()), "{empty:?}");
        let stray = json!([{ "is": "paragraph", "text": "{% if x %}", "element": "nothing_of_the_kind" }]);
        assert_eq!(pointers(text("Your complaint", stray))[..2], ["/blocks/0/text", "/blocks/0/element"]);
    }

    #[test]
    fn words_that_the_law_gives_are_in_it_or_referred_to() {
        let wording = kinds().iter().flat_map(|kind| &kind.elements).find(|element| element.wording.is_some()).unwrap();
        let block = |text: &str| -> TemplateBlock {
            serde_json::from_value(json!({ "is": "paragraph", "text": text, "element": wording.id })).unwrap()
        };
        assert!(is(&block(wording.wording.as_ref().unwrap().as_str()), wording));
        assert!(is(&block(&format!("{{{{ wording.{} }}}}", wording.id)), wording));
        assert!(!is(&block("In other words."), wording));
    }

    #[test]
    fn a_template_is_looked_for_in_the_readers_language_first() {
        let tag = |tag: &str| Language::try_from(tag.to_owned()).unwrap();
        let found = |wanted: Option<&str>| -> Vec<String> {
            languages(wanted.map(tag).as_ref(), kind()).into_iter().map(String::from).collect()
        };
        assert_eq!(found(Some("cy-GB")), ["cy-GB", "cy", "en-GB"]);
        assert_eq!(found(Some("en-GB")), ["en-GB", "en"]);
        assert_eq!(found(Some("en")), ["en", "en-GB"]);
        assert_eq!(found(None), ["en-GB"]);
    }

    #[test]
    fn versions_grow_and_the_last_one_withdraws() {
        let by: Actor = serde_json::from_value(json!({ "id": "key", "kind": "key" })).unwrap();
        let purpose = Purpose {
            kind: kind().id.clone(),
            language: kind().template.language.clone(),
            brand: Code::try_from(FIRM).unwrap(),
        };
        let now = Timestamp::from_unix_millis(2_000);
        let first = purpose.clone().version(None, text("One", json!(null)), by.clone(), now);
        let second = purpose.version(Some(&first), text("Two", json!(null)), by.clone(), Timestamp::MIN);
        assert!(first.says(&text("One", json!(null))) && !second.says(&text("One", json!(null))));
        assert_eq!((first.version, second.version, second.saved_at), (1, 2, now));
        let made_of = second.clone().template().unwrap();
        assert_eq!((made_of.id.as_str(), made_of.version.as_str()), ("firm", "2"));
        let last = second.withdrawn(by, now);
        assert!(last.retired && last.blocks.is_empty() && last.version == 3);
    }
}

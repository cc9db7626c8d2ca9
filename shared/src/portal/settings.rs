//! What a firm has set for its portal: how it shows itself.

use crate::{
    complaint::intake::List,
    http::problem::{FieldError, Rule},
    text::{Code, Line, Prose},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The most characters of a logo: it travels with whatever is known of the firm.
const MAX_LOGO: usize = 24_000;
/// So many bytes are as many characters in base64.
const MAX_LOGO_BYTES: usize = MAX_LOGO / 4 * 3;

/// What a firm has set for its portal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PortalSettings {
    /// Whether there is one. Default: no.
    pub open: bool,
    /// The name that consumers know. Default: `display_name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Line<200>>,
    /// Who the firm is and who watches over it, at the foot of every page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal: Option<Prose<1_000>>,
    /// Its telephone number for complaints.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<Line<50>>,
    /// Its postal address for complaints, a line an item.
    #[serde(skip_serializing_if = "List::is_empty")]
    pub post: List<Line<100>, 8>,
    /// Its page about personal data: begins with `https://`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privacy: Option<Line<500>>,
    /// Its page about accessibility: begins with `https://`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accessibility: Option<Line<500>>,
    /// The colour it is known by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub colour: Option<HexColour>,
    /// The one beside it. Default: the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second_colour: Option<HexColour>,
    /// Its logo, square.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo: Option<Logo>,
    /// Texts of its own.
    #[serde(skip_serializing_if = "List::is_empty")]
    pub texts: List<OwnText, 200>,
    /// The independent body that decides if the firm does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ombudsman: Option<OmbudsmanSettings>,
}

/// A logo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Logo {
    /// What it is.
    pub media_type: LogoType,
    /// Its bytes in base64, at most 24,000 characters.
    pub data: String,
}

/// Pictures that a logo may be. (No SVG: that can do more than show a picture.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum LogoType {
    /// PNG.
    #[serde(rename = "image/png")]
    Png,
    /// JPEG.
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// WebP.
    #[serde(rename = "image/webp")]
    Webp,
}

impl LogoType {
    /// Its name, for `Content-Type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }

    /// Whether bytes begin as such a picture does.
    fn begins(self, bytes: &[u8]) -> bool {
        match self {
            Self::Png => bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
            Self::Jpeg => bytes.starts_with(b"\xff\xd8\xff"),
            Self::Webp => bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"),
        }
    }
}

impl Logo {
    /// A picture as a logo, if it may be one.
    #[must_use]
    pub fn of(picture: &[u8]) -> Option<Self> {
        let sorts = [LogoType::Png, LogoType::Jpeg, LogoType::Webp];
        let media_type = sorts.into_iter().find(|sort| sort.begins(picture) && picture.len() <= MAX_LOGO_BYTES)?;
        Some(Self { media_type, data: STANDARD.encode(picture) })
    }

    /// Its bytes, if it is such a picture.
    #[must_use]
    pub fn bytes(&self) -> Option<Vec<u8>> {
        let bytes = STANDARD.decode(&self.data).ok().filter(|_| self.data.len() <= MAX_LOGO)?;
        self.media_type.begins(&bytes).then_some(bytes)
    }
}

/// A text that stands for one of the service's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnText {
    /// The language, such as `en`.
    pub language: Code,
    /// Which text (`pages/texts/en.json`).
    pub name: Line<100>,
    /// What it says.
    pub text: Prose<2_000>,
}

/// The portal's texts, a line each: its name, and the places in it that are filled in. What they say is in `pages/texts/`, whose tests
/// compare.
pub const TEXTS: &str = include_str!("texts.txt");
/// The languages that the portal speaks.
pub const LANGUAGES: [&str; 2] = ["en", "de"];
/// What the texts that name a firm's products begin with.
const PRODUCT: &str = "field.product.";

/// The places of the text with this name.
fn places(name: &str) -> Option<impl Iterator<Item = &'static str>> {
    let found =
        TEXTS.lines().map(|line| line.split(' ')).find_map(|mut line| (line.next() == Some(name)).then_some(line));
    found.or_else(|| name.starts_with(PRODUCT).then(|| "".split(' ')))
}

impl OwnText {
    /// The member that would make it stand nowhere or show what is meant to be filled in, and why.
    fn wrong(&self) -> Option<(&'static str, String)> {
        if !LANGUAGES.contains(&self.language.as_str()) {
            return Some(("language", format!("must be one that the portal speaks: {}", LANGUAGES.join(", "))));
        }
        let Some(places) = places(self.name.as_str()) else {
            return Some(("name", "is no text of the portal: /vendor/texts.en.json has them all".to_owned()));
        };
        let filled: Vec<_> = places.chain(["firm"]).collect();
        let mut said = self.text.as_str().split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0));
        let unfilled = said.find(|place| !filled.contains(place))?;
        Some(("text", format!("has {{{unfilled}}}, which nothing fills in")))
    }
}

/// The independent body that decides if the firm does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OmbudsmanSettings {
    /// Its name.
    pub name: Line<200>,
    /// Its telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Line<50>>,
    /// Its site: begins with `https://`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<Line<500>>,
    /// Its postal address, a line an item.
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub post: List<Line<100>, 8>,
}

/// A colour such as `#1d4f91`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HexColour(String);

/// The text is no [`HexColour`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a colour such as #1d4f91")]
pub struct NoColour;

impl HexColour {
    /// As it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for HexColour {
    type Error = NoColour;

    fn try_from(text: String) -> Result<Self, NoColour> {
        let digits = text.strip_prefix('#').ok_or(NoColour)?;
        let is_one = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_one { Ok(Self(text)) } else { Err(NoColour) }
    }
}

impl From<HexColour> for String {
    fn from(colour: HexColour) -> Self {
        colour.0
    }
}

impl JsonSchema for HexColour {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "HexColour".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^#[0-9a-fA-F]{6}$" })
    }
}

impl PortalSettings {
    /// What they say that cannot be.
    #[must_use]
    pub fn errors(&self, pointer: &str) -> Vec<FieldError> {
        let site = self.ombudsman.as_ref().and_then(|ombudsman| ombudsman.site.as_ref());
        let links = [
            ("privacy", self.privacy.as_ref()),
            ("accessibility", self.accessibility.as_ref()),
            ("ombudsman/site", site),
        ];
        let wrong =
            links.into_iter().filter(|(_, link)| link.is_some_and(|link| !link.as_str().starts_with("https://")));
        let mut errors: Vec<_> = wrong
            .map(|(name, _)| FieldError::at(&format!("{pointer}/{name}"), Rule::NotAllowed, "must begin with https://"))
            .collect();
        if self.logo.as_ref().is_some_and(|logo| logo.bytes().is_none()) {
            let rule = format!("must be such a picture in base64, of at most {MAX_LOGO} characters");
            errors.push(FieldError::at(&format!("{pointer}/logo/data"), Rule::NotAllowed, rule));
        }
        for (at, text) in self.texts.iter().enumerate() {
            let again = |earlier: &OwnText| earlier.name == text.name && earlier.language == text.language;
            let twice = self.texts.iter().take(at).any(again).then(|| ("name", "is given twice".to_owned()));
            errors.extend(text.wrong().or(twice).map(|(member, rule)| {
                FieldError::at(&format!("{pointer}/texts/{at}/{member}"), Rule::NotAllowed, rule)
            }));
        }
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_told() {
        let read = |text: &str| serde_json::from_str::<PortalSettings>(text);
        assert!(read("{}").unwrap().errors("/portal").is_empty());
        assert!(read(r#"{"colour":"red;}"}"#).is_err());
        let wrong = read(
            r##"{"colour":"#1d4f91","privacy":"javascript:alert(1)","logo":{"media_type":"image/png","data":"PHN2Zz4="},"ombudsman":{"name":"O","site":"http://o"}}"##,
        );
        let errors = wrong.unwrap().errors("/portal");
        let pointers: Vec<_> = errors.iter().filter_map(|error| error.pointer.as_deref()).collect();
        assert_eq!(pointers, ["/portal/privacy", "/portal/ombudsman/site", "/portal/logo/data"]);
    }

    #[test]
    fn a_text_that_would_stand_nowhere_is_told() {
        let errors = |texts: &[(&str, &str, &str)]| {
            let texts = texts
                .iter()
                .map(|(language, name, text)| serde_json::json!({ "language": language, "name": name, "text": text }));
            let body = serde_json::json!({ "texts": texts.collect::<Vec<_>>() });
            let errors = serde_json::from_value::<PortalSettings>(body).unwrap().errors("");
            errors.into_iter().filter_map(|error| error.pointer).collect::<Vec<_>>()
        };
        let good = [
            ("en", "start.title", "Tell {firm} what happened"),
            ("en", "code.lead", "{firm}: it holds for {minutes} minutes"),
            ("de", "code.lead", "Er gilt {minutes} Minuten { so"),
            ("en", "field.product.gold_card", "Your gold card"),
        ];
        assert_eq!(errors(&good), Vec::<String>::new());
        let wrong = [
            ("en", "start.titel", "x"),
            ("fr", "start.title", "x"),
            ("en", "start.title", "In { firm } or in {minutes} minutes"),
            ("en", "start.lead", "x"),
            ("en", "start.lead", "y"),
        ];
        assert_eq!(errors(&wrong), ["/texts/0/name", "/texts/1/language", "/texts/2/text", "/texts/4/name"]);
    }

    #[test]
    fn a_picture_becomes_a_logo() {
        let picture = |mark: &[u8], length| {
            let mut bytes = mark.to_vec();
            bytes.resize(length, 0);
            Logo::of(&bytes)
        };
        let logo = picture(b"RIFF\0\0\0\0WEBP", MAX_LOGO_BYTES).unwrap();
        assert_eq!((logo.media_type, logo.data.len()), (LogoType::Webp, MAX_LOGO));
        assert_eq!(logo.bytes().map(|bytes| bytes.len()), Some(MAX_LOGO_BYTES));
        assert_eq!(picture(b"\xff\xd8\xff", 100).map(|logo| logo.media_type), Some(LogoType::Jpeg));
        assert_eq!(picture(b"\x89PNG\r\n\x1a\n", MAX_LOGO_BYTES + 1), None);
        assert_eq!(picture(b"<svg>", 100), None);
    }
}

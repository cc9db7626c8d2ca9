//! What every page has: the firm, the reader, where it is, and the words for both.

use crate::{
    fields::Kind,
    form::Shown,
    paths::Place,
    texts::{Tongue, fill},
};
use shared::{clock::day::Day, complaint::intake::Format};
use std::borrow::Cow;

/// A firm as it shows itself.
#[derive(Clone, Copy, Debug)]
pub struct Firm<'a> {
    /// Its part of the address.
    pub slug: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Whether it has a logo, at [`LOGO`](crate::paths::LOGO).
    pub has_logo: bool,
    /// Who it is and who watches over it, at the foot of every page.
    pub legal: &'a str,
    /// Its telephone number for complaints.
    pub phone: Option<&'a str>,
    /// Its postal address for complaints, a line an item.
    pub post: &'a [&'a str],
    /// Its page about personal data. `https`, or a path.
    pub privacy: Option<&'a str>,
    /// Its page about accessibility.
    pub accessibility: Option<&'a str>,
    /// Texts of its own, in the reader's language: name and text. They are looked up first.
    pub texts: &'a [(&'a str, &'a str)],
}

/// Who reads, and how that is easiest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader {
    /// The language.
    pub tongue: Tongue,
    /// The format.
    pub format: Format,
}

/// The formats that a page can have, with the names they go by in a form.
pub const FORMATS: [(Format, &str); 3] =
    [(Format::Standard, "standard"), (Format::LargePrint, "large_print"), (Format::EasyRead, "easy_read")];

/// What every page has.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// The firm.
    pub firm: Firm<'a>,
    /// The reader.
    pub reader: Reader,
    /// Its address: where the switches of language and format come back to.
    pub here: &'a str,
    /// The token that shows that a form is from a page of ours.
    pub csrf: &'a str,
    /// Whether the reader has shown that a complaint is theirs.
    pub signed_in: bool,
}

impl Page<'_> {
    fn find(&self, key: &str) -> Option<&str> {
        let own = self.firm.texts.iter().find(|(known, _)| *known == key).map(|(_, text)| *text);
        own.or_else(|| self.reader.tongue.find(self.reader.format, key))
    }

    /// The text of this name; the name itself if there is none, which tests exclude.
    #[must_use]
    pub fn t(&self, key: &str) -> Cow<'_, str> {
        let text = self.find(key).unwrap_or_default();
        match text {
            "" => Cow::Owned(key.to_owned()),
            text if text.contains('{') => Cow::Owned(fill(text, &[("firm", self.firm.name)])),
            text => Cow::Borrowed(text),
        }
    }

    /// The text of this name with a value in its place.
    #[must_use]
    pub fn with(&self, key: &str, place: &str, value: impl AsRef<str>) -> String {
        self.both(key, &(place, value.as_ref()), &("firm", self.firm.name))
    }

    /// The text of this name with two values in their places.
    #[must_use]
    pub fn both(&self, key: &str, first: &(&str, &str), second: &(&str, &str)) -> String {
        fill(self.find(key).unwrap_or(key), &[*first, *second, ("firm", self.firm.name)])
    }

    /// The text `<group>.<name>`.
    #[must_use]
    pub fn of(&self, group: &str, name: &str) -> Cow<'_, str> {
        Cow::Owned(self.t(&format!("{group}.{name}")).into_owned())
    }

    /// Whether there is the text `<group>.<name>`.
    #[must_use]
    pub fn has(&self, group: &str, name: &str) -> bool {
        self.find(&format!("{group}.{name}")).is_some()
    }

    /// `Friday 5 February 2027`, as the reader's language has it.
    #[must_use]
    pub fn day(&self, day: &Day) -> String {
        let (year, month, number) = day.parts();
        let (year, number) = (year.to_string(), number.to_string());
        let weekday = self.of("weekday", &day.weekday().number_from_monday().to_string());
        let month = self.of("month", &month.to_string());
        let values = [("weekday", &*weekday), ("day", &number), ("month", &month), ("year", &year)];
        fill(self.find("date").unwrap_or_default(), &values)
    }

    /// `2027-02-05`, for the attribute of `time`.
    #[must_use]
    pub fn iso(&self, day: &Day) -> String {
        let (year, month, number) = day.parts();
        format!("{year:04}-{month:02}-{number:02}")
    }

    /// The address of a place of this firm.
    #[must_use]
    pub fn to(&self, place: Place) -> String {
        place.of(self.firm.slug)
    }

    /// The address of a thing of this firm.
    #[must_use]
    pub fn to_id(&self, place: Place, id: &str) -> String {
        place.with(self.firm.slug, id)
    }

    /// The class of the whole page (see the stylesheet).
    #[must_use]
    pub fn look(&self) -> &'static str {
        match self.reader.format {
            Format::LargePrint => "large-print",
            Format::EasyRead => "easy-read",
            Format::Standard | Format::Braille | Format::Audio => "standard",
        }
    }

    /// Whether the reader has chosen this format.
    #[must_use]
    pub fn reads(&self, format: &Format) -> bool {
        self.reader.format == *format
    }

    /// The telephone number as a link: digits and the plus alone (RFC 3966).
    #[must_use]
    pub fn dial(&self, number: &str) -> String {
        number.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()
    }

    /// What a choice of a field is called: by the texts, or as the firm's list has it.
    #[must_use]
    pub fn choice<'s>(&'s self, field: &Shown<'_>, code: &'s str, name: &'s str) -> Cow<'s, str> {
        let key = format!("field.{}.{code}", field.name());
        match self.find(&key) {
            Some(_) => Cow::Owned(self.t(&key).into_owned()),
            None => Cow::Borrowed(name),
        }
    }

    /// The ids of what describes a field: its hint, and what is wrong with it (WCAG 2.2 SC 1.3.1, 3.3.1).
    #[must_use]
    pub fn described(&self, field: &Shown<'_>) -> String {
        let name = field.name();
        let hint =
            (self.has("field", &format!("{name}.hint")) || field.kind() == Kind::Files).then(|| format!("{name}-hint"));
        let wrong = field.wrong().map(|_| format!("{name}-wrong"));
        hint.into_iter().chain(wrong).collect::<Vec<_>>().join(" ")
    }

    /// What is wrong with a field, in words: those for this field, if there are any.
    #[must_use]
    pub fn wrong(&self, field: &str, wrong: &str) -> Cow<'_, str> {
        let special = format!("{field}.{wrong}");
        if self.has("wrong", &special) { self.of("wrong", &special) } else { self.of("wrong", wrong) }
    }
}

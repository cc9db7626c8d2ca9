//! A form as it is shown: what was filled in, and what is wrong with it.

use crate::fields::{Field, Kind, Wrong, find};

/// Something to choose, as the firm calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice<'a> {
    /// The code.
    pub code: &'a str,
    /// The name. A text `field.product.<code>` is stronger.
    pub name: &'a str,
}

/// What was filled in. A field with several answers has them in one text, with a space between.
#[derive(Clone, Copy, Debug, Default)]
pub struct Form<'a> {
    /// Field and answer.
    pub values: &'a [(&'a str, &'a str)],
    /// What is wrong: field and why, in the order of the fields.
    pub problems: &'a [(&'a str, Wrong)],
    /// The products of the firm's taxonomy.
    pub products: &'a [Choice<'a>],
}

/// A field as it is shown.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    field: Field,
    value: &'a str,
    wrong: Option<Wrong>,
    products: &'a [Choice<'a>],
}

impl<'a> Form<'a> {
    /// What was filled in.
    #[must_use]
    pub fn value(&self, name: &str) -> &'a str {
        self.values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| *value)
    }

    /// The field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<Shown<'a>> {
        let wrong = self.problems.iter().find(|(known, _)| *known == name).map(|(_, wrong)| *wrong);
        Some(Shown { field: *find(name)?, value: self.value(name), wrong, products: self.products })
    }

    /// What is wrong, for the summary: the id of the field, its name, and why.
    #[must_use]
    pub fn problems(&self) -> Vec<(String, &'a str, &'static str)> {
        let id = |name: &str| self.field(name).map_or_else(|| name.to_owned(), |shown| shown.id());
        self.problems.iter().map(|(name, wrong)| (id(name), *name, wrong.name())).collect()
    }

    /// Whether anything is wrong.
    #[must_use]
    pub const fn is_wrong(&self) -> bool {
        !self.problems.is_empty()
    }
}

impl<'a> Shown<'a> {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.field.name
    }

    /// How it is filled in.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.field.kind
    }

    /// The template that draws it.
    #[must_use]
    pub const fn drawn(&self) -> &'static str {
        match self.field.kind {
            Kind::Line | Kind::Email | Kind::Phone | Kind::Digits => "line",
            Kind::Long(_) => "long",
            Kind::One(_) | Kind::Product => "one",
            Kind::Many(_) => "many",
            Kind::Files => "files",
            Kind::Tick => "tick",
        }
    }

    /// The type of its `input`, or how its choices are shown.
    #[must_use]
    pub const fn input(&self) -> &'static str {
        match self.field.kind {
            Kind::Email => "email",
            Kind::Phone => "tel",
            Kind::One(_) | Kind::Product => "radio",
            Kind::Many(_) | Kind::Tick => "checkbox",
            Kind::Files => "file",
            Kind::Line | Kind::Digits | Kind::Long(_) => "text",
        }
    }

    /// The id of what the summary of errors leads to: the first choice, where there are choices.
    #[must_use]
    pub fn id(&self) -> String {
        if self.is_choice() { self.choice_id(&1) } else { self.field.name.to_owned() }
    }

    /// The id of a choice, counted from 1.
    #[must_use]
    pub fn choice_id(&self, number: &usize) -> String {
        format!("{}-{number}", self.field.name)
    }

    const fn is_choice(&self) -> bool {
        matches!(self.field.kind, Kind::One(_) | Kind::Many(_) | Kind::Product)
    }

    /// Code and name of each choice.
    #[must_use]
    pub fn choices(&self) -> Vec<(&'a str, &'a str)> {
        match self.field.kind {
            Kind::One(codes) | Kind::Many(codes) => codes.iter().map(|code| (*code, *code)).collect(),
            Kind::Product => self.products.iter().map(|choice| (choice.code, choice.name)).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether this was chosen.
    #[must_use]
    pub fn is_chosen(&self, code: &str) -> bool {
        self.value.split(' ').any(|chosen| chosen == code)
    }

    /// What was filled in.
    #[must_use]
    pub const fn value(&self) -> &'a str {
        self.value
    }

    /// What is wrong.
    #[must_use]
    pub fn wrong(&self) -> Option<&'static str> {
        self.wrong.map(Wrong::name)
    }

    /// Whether it may be left empty.
    #[must_use]
    pub fn is_optional(&self) -> bool {
        self.field.is_optional()
    }

    /// How many lines are shown.
    #[must_use]
    pub const fn rows(&self) -> u8 {
        match self.field.kind {
            Kind::Long(rows) => rows,
            _ => 1,
        }
    }

    /// What a browser may fill in.
    #[must_use]
    pub const fn autofill(&self) -> &'static str {
        self.field.autofill
    }

    /// Whether it is a code of digits.
    #[must_use]
    pub const fn is_digits(&self) -> bool {
        matches!(self.field.kind, Kind::Digits)
    }
}

//! The first page, the steps that ask questions, and the choice of language and format.

use super::page::PageCall;
use crate::{
    call::{Outcome, Reply},
    failure::Failure,
};
use pages::{
    fields::{self, Kind, STEPS, Step, Wrong},
    form::{Choice, Form},
    paths::{self, Place},
    portal::{Questions, Start, place},
};
use shared::portal::{DRAFT, draft::Draft, form::Sent};
use std::{collections::BTreeMap, rc::Rc};

/// What is wrong: field and why.
pub(super) type Problems = Vec<(&'static str, Wrong)>;

impl PageCall {
    /// The products that the firm has, to choose from.
    pub(super) fn products(&self) -> Vec<Choice<'_>> {
        let offered = self.taxonomy().iter().filter(|product| product.offered);
        offered.map(|product| Choice { code: product.code.as_str(), name: &product.name }).collect()
    }

    /// What is wrong with the answers to a step.
    pub(super) fn check(&self, step: Step, draft: &Draft) -> Problems {
        let products = self.products();
        let codes: Vec<_> = products.iter().map(|product| product.code).collect();
        fields::check(step, &codes, |name| draft.answer(name))
    }

    /// The first step whose answers are wrong.
    pub(super) fn unfinished(&self, draft: &Draft) -> Option<Step> {
        let asked = STEPS.iter().map(|(step, _, _)| *step).filter(|step| *step < Step::Evidence);
        asked.into_iter().find(|step| !self.check(*step, draft).is_empty())
    }
}

/// Draws with a form.
pub(super) fn with_form<T>(
    products: &[Choice<'_>],
    answers: &BTreeMap<String, String>,
    problems: &Problems,
    draw: impl FnOnce(Form<'_>) -> T,
) -> T {
    let values: Vec<_> = answers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    draw(Form { values: &values, problems, products })
}

/// Takes over what was typed into these fields.
pub(super) fn take(answers: &mut BTreeMap<String, String>, names: &[&str], sent: &Sent) {
    for field in names.iter().filter_map(|name| fields::find(name)) {
        let typed = if matches!(field.kind, Kind::Many(_)) {
            sent.values(field.name)
        } else {
            sent.value(field.name).to_owned()
        };
        answers.insert(field.name.to_owned(), typed.trim().to_owned());
    }
}

/// The fields of a step.
pub(super) fn names(step: Step) -> Vec<&'static str> {
    step.groups()
        .iter()
        .flat_map(|group| group.fields)
        .copied()
        .filter(|name| !matches!(*name, "files" | "consent"))
        .collect()
}

/// `GET /{tenant}/`
pub(crate) async fn start(page: Rc<PageCall>) -> Outcome {
    let ombudsman = page.settings.ombudsman.as_ref().map(|ombudsman| ombudsman.name.as_str());
    let has_draft = page.cookie(&DRAFT).is_some();
    page.page(200, |page| pages::html(&Start { page, ombudsman, has_draft }))
}

/// `POST /{tenant}/reading`
pub(crate) async fn reading(page: Rc<PageCall>) -> Outcome {
    let sent = page.posted().await?;
    page.choose_reading(&sent);
    // Back to a page of ours and nowhere else.
    let back =
        paths::ALL.iter().find(|place| place.methods.contains(&"GET") && place.of(page.slug()) == sent.value("back"));
    Ok(page.to(back.copied().unwrap_or(paths::START)))
}

macro_rules! steps {
    ($($(#[$doc:meta])* $show:ident, $answer:ident => $step:expr;)*) => {
        $(
            $(#[$doc])*
            pub(crate) async fn $show(page: Rc<PageCall>) -> Outcome {
                show(&page, $step).await
            }

            /// Its answers.
            pub(crate) async fn $answer(page: Rc<PageCall>) -> Outcome {
                answer(&page, $step).await
            }
        )*
    };
}

steps! {
    /// What happened.
    what, answer_what => Step::What;
    /// What would put it right.
    outcome, answer_outcome => Step::Outcome;
    /// Who complains.
    you, answer_you => Step::You;
}

async fn show(page: &PageCall, step: Step) -> Outcome {
    let answers = page.open().await?.map(|kept| kept.draft.answers).unwrap_or_default();
    questions(page, 200, step, &answers, &Vec::new(), page.asks("then", "check"))
}

fn questions(
    page: &PageCall,
    status: u16,
    step: Step,
    answers: &BTreeMap<String, String>,
    problems: &Problems,
    from_check: bool,
) -> Outcome {
    with_form(&page.products(), answers, problems, |form| {
        page.page(status, |page| pages::html(&Questions { page, step, form, from_check }))
    })
}

/// Keeps what was answered, right or wrong, and goes on if it is right.
async fn answer(page: &PageCall, step: Step) -> Outcome {
    let sent = page.posted().await?;
    let mut kept = page.open_or_new().await?;
    take(&mut kept.draft.answers, &names(step), &sent);
    let problems = page.check(step, &kept.draft);
    page.keep(&kept).await?;
    let from_check = sent.value("then") == "check";
    if !problems.is_empty() {
        return questions(page, 422, step, &kept.draft.answers, &problems, from_check);
    }
    if step == Step::You {
        page.note_address(&kept, kept.draft.answer("email")).await?;
    }
    Ok(onward(page, step, from_check))
}

/// To the step after, or back to the summary.
pub(super) fn onward(page: &PageCall, step: Step, from_check: bool) -> Reply {
    let after = step.after().filter(|_| !from_check).unwrap_or(Step::Check);
    page.to(place(&after))
}

/// The step of this name; the first if there is none.
pub(super) fn step_of(name: &str) -> Step {
    STEPS.iter().find(|(_, known, _)| *known == name).map_or(Step::What, |(step, _, _)| *step)
}

/// Where a step is.
pub(super) fn place_of(step: Step) -> Place {
    place(&step)
}

/// What cannot be said, as what is wrong with its field.
pub(super) fn unsayable(field: &'static str) -> Problems {
    vec![(field, Wrong::TooLong)]
}

/// The problems of a step that failed when it was sent, on its own page.
pub(super) fn again(page: &PageCall, draft: &Draft, field: &'static str) -> Result<Reply, Failure> {
    let of = STEPS.iter().find(|(step, _, _)| names(*step).contains(&field)).map_or(Step::What, |(step, _, _)| *step);
    let here = place(&of).of(page.slug());
    with_form(&page.products(), &draft.answers, &unsayable(field), |form| {
        page.page_at(422, &here, |page| pages::html(&Questions { page, step: of, form, from_check: true }))
    })
}

//! The pages of the consumer portal. Each is a struct; what it needs is its members, where it is is in [`paths`](crate::paths).

use crate::{
    fields::{FOR_WHOM, OTHER, STEPS, Step},
    form::{Form, Shown},
    law::{Deadline, Ombudsman},
    page::{FORMATS, Page},
    paths::Place,
    texts::Tongue,
};
use askama::Template;
use shared::{attachment::AttachmentState, clock::day::Day, complaint::state::State};

/// Where a step is.
#[must_use]
pub const fn place(step: &Step) -> Place {
    match step {
        Step::What => crate::paths::WHAT,
        Step::Outcome => crate::paths::OUTCOME,
        Step::You => crate::paths::YOU,
        Step::Evidence => crate::paths::EVIDENCE,
        Step::Check => crate::paths::CHECK,
    }
}

/// The first page.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "portal/start.html")]
pub struct Start<'a> {
    /// What every page has.
    pub page: Page<'a>,
    /// The ombudsman, by name, if the firm says which it is.
    pub ombudsman: Option<&'a str>,
    /// Whether this browser has a draft.
    pub has_draft: bool,
}

/// Steps 1 to 3: questions.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "portal/questions.html")]
pub struct Questions<'a> {
    /// What every page has.
    pub page: Page<'a>,
    /// Which step.
    pub step: Step,
    /// What was filled in.
    pub form: Form<'a>,
    /// Whether it was reached from the summary, and goes back there.
    pub from_check: bool,
}

/// A file that was added to a draft or a complaint.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    /// The id.
    pub id: &'a str,
    /// The name.
    pub name: &'a str,
    /// The size in bytes.
    pub bytes: u64,
    /// How far it is.
    pub state: AttachmentState,
}

impl File<'_> {
    /// `1.2 MB` or `12 kB`.
    #[must_use]
    pub fn size(&self) -> String {
        const THOUSAND: u64 = 1_000;
        match self.bytes {
            0..1_000_000 => format!("{} kB", self.bytes.div_ceil(THOUSAND)),
            bytes => format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
        }
    }

    /// The state's name, in `texts/` after `file.`.
    #[must_use]
    pub fn state(&self) -> &'static str {
        self.state.into()
    }

    /// Whether it is given out.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.state == AttachmentState::Clean
    }
}

/// Step 4: files.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "portal/evidence.html")]
pub struct Evidence<'a> {
    /// What every page has.
    pub page: Page<'a>,
    /// What is wrong.
    pub form: Form<'a>,
    /// Files that were added already.
    pub files: &'a [File<'a>],
    /// The most megabytes of one.
    pub most_megabytes: u64,
    /// Makes sure that a file is added once (`Idempotency-Key`).
    pub idempotency: &'a str,
    /// Whether it was reached from the summary, and goes back there.
    pub from_check: bool,
}

/// Step 5: check and send.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "portal/check.html")]
pub struct Check<'a> {
    /// What every page has.
    pub page: Page<'a>,
    /// Everything that was filled in.
    pub form: Form<'a>,
    /// Files that were added.
    pub files: &'a [File<'a>],
    /// Makes sure that the complaint is made once (`Idempotency-Key`).
    pub idempotency: &'a str,
}

impl Check<'_> {
    /// What was asked and answered in each step but the last: the step, and field and answer.
    #[must_use]
    pub fn answers(&self) -> Vec<(Step, Vec<(&'static str, String)>)> {
        let asked = STEPS.iter().filter(|(step, _, _)| *step < Step::Evidence);
        let answers = |(step, _, groups): &(Step, _, &'static [crate::fields::Group])| {
            // Who complains for themselves may have begun to say something else before.
            let for_other = self.form.value(FOR_WHOM) == OTHER;
            let asked = groups.iter().filter(|group| for_other || group.name != "representative");
            let fields = asked.flat_map(|group| group.fields);
            let shown =
                fields.filter_map(|name| self.form.field(name)).filter(|field| !field.value().trim().is_empty());
            (*step, shown.map(|field| (field.name(), self.said(&field))).collect())
        };
        asked.map(answers).collect()
    }

    /// An answer as people read it.
    fn said(&self, field: &Shown<'_>) -> String {
        let choices = field.choices();
        if choices.is_empty() {
            return field.value().to_owned();
        }
        let chosen = choices.into_iter().filter(|(code, _)| field.is_chosen(code));
        chosen.map(|(code, name)| self.page.choice(field, code, name).into_owned()).collect::<Vec<_>>().join("; ")
    }
}

/// The draft is kept; this is the way back.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "portal/saved.html")]
pub struct Saved<'a> {
    /// What every page has.
    pub page: Page<'a>,
    /// The way back, a whole address.
    pub link: &'a str,
    /// How long it is kept.
    pub until: Day,
    /// Where it was mailed to, if it was.
    pub mailed_to: Option<&'a str>,
    /// The step to go on with.
    pub step: Step,
    /// The field `email`.
    pub form: Form<'a>,
    /// Makes sure that one mail is sent.
    pub idempotency: &'a str,
}

/// Asks where to send the way back to.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "portal/come_back.html")]
pub struct ComeBack<'a> {
    /// What every page has.
    pub page: Page<'a>,
    /// The field `email`.
    pub form: Form<'a>,
    /// Whether it was asked: then the page says that a mail comes if there is a draft, and no more.
    pub was_asked: bool,
    /// Makes sure that one mail is sent.
    pub idempotency: &'a str,
}

/// The complaint was received.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "portal/received.html")]
pub struct Received<'a> {
    /// What every page has.
    pub page: Page<'a>,
    /// The reference.
    pub reference: &'a str,
    /// When it was received.
    pub received: Day,
    /// The dates, the soonest first.
    pub deadlines: &'a [Deadline],
    /// Where to go if there is no answer.
    pub ombudsman: Option<Ombudsman<'a>>,
    /// Where that was mailed to, if it was.
    pub mailed_to: Option<&'a str>,
}

/// The complaint is stored safely and will be logged soon; the dates follow.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "portal/stored.html")]
pub struct Stored<'a> {
    /// What every page has.
    pub page: Page<'a>,
    /// The reference that it will have.
    pub reference: &'a str,
    /// Where the rest will be mailed to.
    pub mailed_to: Option<&'a str>,
}

/// Reference and email address, to follow a complaint.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "portal/track.html")]
pub struct Track<'a> {
    /// What every page has.
    pub page: Page<'a>,
    /// The fields `reference` and `email`.
    pub form: Form<'a>,
}

/// The code that was mailed. It says the same whether there is such a complaint or not.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "portal/code.html")]
pub struct Code<'a> {
    /// What every page has.
    pub page: Page<'a>,
    /// The field `code`.
    pub form: Form<'a>,
    /// How long it is good.
    pub minutes: u32,
}

/// Something that has happened.
#[derive(Clone, Copy, Debug)]
pub struct Happening<'a> {
    /// When.
    pub on: Day,
    /// What, in `texts/` after `event.`: the type of an event of the case file. Those without a text are not shown.
    pub what: &'a str,
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// The firm.
    Firm,
    /// The complainant.
    You,
    /// Who acts for them.
    Representative,
}

impl From {
    /// Its name, in `texts/` after `from.`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Firm => "firm",
            Self::You => "you",
            Self::Representative => "representative",
        }
    }
}

/// A message.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Who wrote it.
    pub from: From,
    /// That person's name, if it is shown.
    pub name: Option<&'a str>,
    /// When.
    pub on: Day,
    /// What.
    pub text: &'a str,
}

/// A letter that was sent.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    /// The id.
    pub id: &'a str,
    /// What it is about.
    pub subject: &'a str,
    /// When it was sent.
    pub on: Day,
}

/// Where a complaint stands.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "portal/case.html")]
pub struct Case<'a> {
    /// What every page has.
    pub page: Page<'a>,
    /// The reference.
    pub reference: &'a str,
    /// The product it is about, as people read it.
    pub about: &'a str,
    /// Where it stands.
    pub state: State,
    /// When it was received.
    pub received: Day,
    /// The law's dates, the soonest first.
    pub deadlines: &'a [Deadline],
    /// Where to go if there is no answer, or they are not content with it.
    pub ombudsman: Option<Ombudsman<'a>>,
    /// What has happened, the latest first.
    pub timeline: &'a [Happening<'a>],
    /// What was written, the latest last.
    pub messages: &'a [Message<'a>],
    /// The fields `message` and `files`.
    pub form: Form<'a>,
    /// Files.
    pub files: &'a [File<'a>],
    /// The most megabytes of one.
    pub most_megabytes: u64,
    /// Letters.
    pub letters: &'a [Letter<'a>],
    /// Who acts for them, by name.
    pub representative: Option<&'a str>,
    /// What was just done, in `texts/` after `notice.`.
    pub notice: Option<&'a str>,
    /// Makes sure that a message is sent once.
    pub idempotency: &'a str,
    /// The same for files.
    pub files_idempotency: &'a str,
}

impl Case<'_> {
    /// The next date that the firm must keep.
    #[must_use]
    pub fn next(&self) -> Option<&Deadline> {
        self.deadlines.iter().find(|deadline| deadline.is_running())
    }

    /// What has happened, as far as there are words for it.
    #[must_use]
    pub fn shown(&self) -> Vec<&Happening<'_>> {
        self.timeline.iter().filter(|happening| self.page.has("event", happening.what)).collect()
    }
}

/// Who acts for the complainant, and how to change that.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "portal/representative.html")]
pub struct Representative<'a> {
    /// What every page has.
    pub page: Page<'a>,
    /// The fields of the group `representative`.
    pub form: Form<'a>,
    /// Who does, by name.
    pub name: Option<&'a str>,
    /// Since when.
    pub since: Option<Day>,
    /// Makes sure that it is done once.
    pub idempotency: &'a str,
}

/// Why a page is not the one that was wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// 404: there is nothing here, or it is not theirs.
    NotFound,
    /// 410: a link is too old.
    LinkExpired,
    /// 403: the form is not from a page of ours, or too old.
    FormExpired,
    /// 413: more than is taken at once.
    TooLarge,
    /// 422: it cannot be done with what was filled in.
    Refused,
    /// 429: too often.
    TooMany,
    /// 503: it does not work now.
    Unavailable,
    /// 503: the portal is switched off.
    Closed,
}

impl Trouble {
    /// Every one, with its status and its name in `texts/` after `trouble.`.
    pub const ALL: [(Self, u16, &'static str); 8] = [
        (Self::NotFound, 404, "not_found"),
        (Self::LinkExpired, 410, "link_expired"),
        (Self::FormExpired, 403, "form_expired"),
        (Self::TooLarge, 413, "too_large"),
        (Self::Refused, 422, "refused"),
        (Self::TooMany, 429, "too_many"),
        (Self::Unavailable, 503, "unavailable"),
        (Self::Closed, 503, "closed"),
    ];

    /// Its name in `texts/`.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(trouble, _, _)| *trouble == self).map_or("", |(_, _, name)| name)
    }

    /// The status of the answer (RFC 9110).
    #[must_use]
    pub fn status(self) -> u16 {
        Self::ALL.iter().find(|(trouble, _, _)| *trouble == self).map_or(500, |(_, status, _)| *status)
    }

    /// Whether it may work if it is sent again.
    #[must_use]
    pub const fn may_pass(self) -> bool {
        matches!(self, Self::FormExpired | Self::TooMany | Self::Unavailable)
    }

    /// Whether other pages of the firm are no better.
    #[must_use]
    pub const fn is_everywhere(self) -> bool {
        matches!(self, Self::Closed)
    }
}

/// Something went wrong.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "portal/trouble.html")]
pub struct Error<'a> {
    /// What every page has.
    pub page: Page<'a>,
    /// What.
    pub trouble: Trouble,
    /// In how many seconds to try again, if that is known.
    pub retry_after: Option<u32>,
    /// Whether a draft is kept: then nothing was lost.
    pub has_draft: bool,
    /// What support asks for.
    pub request_id: &'a str,
}

impl Error<'_> {
    /// In how many minutes to try again: at least one.
    #[must_use]
    pub fn minutes(&self) -> Option<String> {
        self.retry_after.map(|seconds| seconds.div_ceil(60).max(1).to_string())
    }
}

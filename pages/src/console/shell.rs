//! What is around every page of the console.

/// A part of the console, in the order in which they are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Complaints, by what is due first.
    Queue,
    /// How it goes, for leads.
    Dashboard,
    /// Work on many complaints at a time.
    Jobs,
    /// Who has read and done what.
    Audit,
    /// What a firm sets.
    Settings,
    /// Whoever is signed in; always offered, in a place of its own.
    Profile,
}

impl Section {
    /// All.
    pub const ALL: [Self; 6] = [Self::Queue, Self::Dashboard, Self::Jobs, Self::Audit, Self::Settings, Self::Profile];

    /// What it is called.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Queue => "Queue",
            Self::Dashboard => "Dashboard",
            Self::Jobs => "Bulk jobs",
            Self::Audit => "Audit",
            Self::Settings => "Settings",
            Self::Profile => "Your account",
        }
    }

    /// Where it is.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Queue => "/app/queue",
            Self::Dashboard => "/app/dashboard",
            Self::Jobs => "/app/jobs",
            Self::Audit => "/app/audit",
            Self::Settings => "/app/settings",
            Self::Profile => "/app/profile",
        }
    }
}

/// What is around every page.
#[derive(Clone, Debug)]
pub struct Shell {
    /// The firm's name.
    pub firm: String,
    /// Its name in addresses.
    pub slug: String,
    /// What is offered to whoever is signed in.
    pub sections: Vec<Section>,
    /// Where they are.
    pub current: Section,
    /// The token against forged requests.
    pub csrf: String,
}

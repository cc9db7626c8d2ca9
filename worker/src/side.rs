//! The Workers of a cell, of which each is this crate with one of its features.
//!
//! The *front* has the public address and what people wait for. The *middle* works on many complaints at a time: imports, exports,
//! bulk jobs, what time brings; and takes mail in. The *courier* has what goes out to people: letters, notifications, and files, which
//! are looked at before they do. The *back* has operators' routes, moves, webhooks and the Durable Objects. The *web* has the pages that
//! consumers see, SCIM for firms' directories, teams, and who has read what. The *staff* has who a firm's staff are, and their console. All but the front have no address; the front passes on what
//! is for them. So each stays small and starts quickly.

/// A Worker of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Front,
    Middle,
    Courier,
    Back,
    Web,
    Staff,
    /// Each of them.
    #[cfg(test)]
    All,
}

impl Side {
    /// What this build is called in metrics. (Natively it is the front.)
    pub(crate) const HERE: &'static str = if cfg!(feature = "front") {
        "front"
    } else if cfg!(feature = "middle") {
        "middle"
    } else if cfg!(feature = "courier") {
        "courier"
    } else if cfg!(feature = "back") {
        "back"
    } else if cfg!(feature = "web") {
        "web"
    } else {
        "staff"
    };

    /// The service binding by which the front asks it.
    pub(crate) const fn binding(self) -> &'static str {
        match self {
            Self::Middle => "MIDDLE",
            Self::Courier => "COURIER",
            Self::Back => "BACK",
            Self::Web => "WEB",
            Self::Staff => "STAFF",
            Self::Front => "",
            #[cfg(test)]
            Self::All => "",
        }
    }
}

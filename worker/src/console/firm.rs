//! What the firm is: its day, its civil time, its taxonomy.

use super::Desk;
use shared::{
    clock::{day::Day, law::Law, zone::Zone},
    taxonomy::choices::FirmProduct,
    tenant::Tenant,
    time::Timestamp,
};

impl Desk {
    pub(crate) fn tenant(&self) -> &Tenant {
        &self.visitor.door.standing.tenant
    }

    /// Whoever is signed in, as complaints name them.
    pub(crate) fn me(&self) -> String {
        self.visitor.token.person.to_string()
    }

    /// Now, by the firm's clock: that of a test may be ahead.
    pub(crate) fn now(&self) -> Timestamp {
        self.call.now.plus_millis(self.tenant().ahead_by)
    }

    /// The day it is where the firm's complaints are counted.
    pub(crate) fn today(&self) -> Day {
        self.tenant().clocks.today(self.tenant().jurisdiction, self.now())
    }

    /// The civil time of that place.
    pub(crate) fn zone(&self) -> Option<Zone> {
        let Tenant { jurisdiction, clocks, .. } = self.tenant();
        Law::shipped().place(*jurisdiction, &clocks.choices).map(|(_, zone)| zone)
    }

    /// What the firm's complaints are about, and were: what it has left out is not offered, and has its name.
    pub(crate) fn products(&self) -> &[FirmProduct] {
        self.products.get_or_init(|| self.tenant().products())
    }

    /// What a product and an issue of it are called: what there is not in the taxonomy, by its code.
    pub(crate) fn subject(&self, product: Option<&str>, issue: Option<&str>) -> String {
        let Some(code) = product else { return "Not classified".to_owned() };
        let found = self.products().iter().find(|product| product.code.as_str() == code);
        let name = found.map_or(code, |product| product.name.as_str());
        let Some(issue) = issue else { return name.to_owned() };
        let found = found.and_then(|product| product.issues.iter().find(|known| known.code.as_str() == issue));
        format!("{name} · {}", found.map_or(issue, |issue| issue.name.as_str()))
    }
}

//! A short storm: the runtime dies three times under load while other things fail, and the checker finds nothing. `cargo xtask chaos` is the
//! long one.

use xtask::chaos::storm::Storm;

#[test]
fn nothing_acknowledged_is_lost_or_doubled_in_a_short_storm() {
    let folder = std::env::temp_dir().join(format!("chaos-{}", std::process::id()));
    let report = Storm { seed: 1, kills: 3, folder: folder.clone() }.run().expect("the storm ends");
    assert_eq!(report.kills.iter().sum::<usize>(), 3);
    assert_eq!(report.broken(), 0, "{}\nClients' log: {}", report.text(), folder.display());
    // What was looked at was there.
    for claim in
        report.claims.iter().filter(|claim| ["none lost", "every chain"].iter().any(|of| claim.says.contains(of)))
    {
        assert!(claim.checked > 0, "{}", report.text());
    }
    let _ = std::fs::remove_dir_all(folder);
}

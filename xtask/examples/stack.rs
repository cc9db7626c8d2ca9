use xtask::stack::{Options, Stack};
fn main() {
    let state = std::path::PathBuf::from(std::env::args().nth(1).unwrap());
    let stack = Stack::start(Options::in_state(state).port(Some(18750)).var("EXPOSE_COST", "1")).unwrap();
    std::fs::write("/tmp/exch/addr.json", serde_json::json!({"base_url": stack.base_url(), "inner_url": stack.inner_url(), "operator_key": stack.operator_key()}).to_string()).unwrap();
    println!("READY");
    loop {
        std::thread::sleep(std::time::Duration::from_secs(1));
        if std::path::Path::new("/tmp/exch/stop").exists() {
            let _ = std::fs::remove_file("/tmp/exch/stop");
            break;
        }
    }
}

//! Prints the description of the API: `cargo run -p redress --example openapi`.

fn main() {
    println!("{}", redress::openapi::describe());
}

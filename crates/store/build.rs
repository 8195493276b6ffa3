//! The migrations are built into this crate: a new one must rebuild it.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}

//! The browser's files are built before the server and become part of it; without them it serves pages that need no script.

fn main() {
    let site = std::path::Path::new("../target/site");
    // The folder must exist for cargo to notice when files appear in it. Failing is no harm: a read-only source tree.
    let _ = std::fs::create_dir_all(site);
    println!("cargo::rerun-if-changed=../target/site");
    println!("cargo::rerun-if-changed=../migrations");
}

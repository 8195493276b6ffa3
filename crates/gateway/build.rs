//! Finds the page to embed: `web/build`, or a placeholder that says how to build it.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

const PLACEHOLDER: &str = "<!doctype html>
<html lang=\"en\">
<head><meta charset=\"utf-8\"><title>Synops</title></head>
<body><h1>Synops</h1><p>The server runs, but its page was not built. Run <code>./dev up</code>, which builds both.</p></body>
</html>
";

fn main() -> io::Result<()> {
    let built = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join("../../web/build");
    let page = if built.join("index.html").is_file() {
        // Each directory, because a file's coming or going changes its directory alone.
        watch(&built)?;
        built.canonicalize()?
    } else {
        // A path that is not there counts as changed: the next build looks again.
        println!("cargo:rerun-if-changed={}", built.join("index.html").display());
        let placeholder = PathBuf::from(variable("OUT_DIR")?).join("page");
        fs::create_dir_all(&placeholder)?;
        fs::write(placeholder.join("index.html"), PLACEHOLDER)?;
        placeholder
    };
    println!("cargo:rustc-env=SYNOPS_PAGE_DIR={}", page.display());
    Ok(())
}

fn watch(directory: &Path) -> io::Result<()> {
    println!("cargo:rerun-if-changed={}", directory.display());
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            watch(&entry.path())?;
        }
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a build script is configured by cargo's variables")]
fn variable(name: &str) -> io::Result<String> {
    env::var(name).map_err(io::Error::other)
}

//! Files that a person reads in one sitting. (Functions: clippy's `too_many_lines`.)

use super::Finding;
use super::source::Source;

const LINES_MAX: usize = 800;
/// Most files keep below this; how many don't is told, not forbidden.
pub(super) const LINES_USUAL: usize = 400;

pub(super) fn check(source: &Source) -> Vec<Finding> {
    let lines = counted_lines(source);
    if lines <= LINES_MAX {
        return Vec::new();
    }
    let what = format!("{lines} lines, {LINES_MAX} are allowed; a new noun is a new file");
    vec![Finding::new(&source.path, 0, what)]
}

/// The lines of what people write in Rust, TypeScript and Svelte; 0 for other files.
pub(super) fn counted_lines(source: &Source) -> usize {
    let counts = source.is_rust() || source.is_web();
    if !counts || super::generated::is_generated(&source.path) {
        return 0;
    }
    source.text.lines().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_are_found() {
        fn run(path: &str, lines: usize, expect: bool) {
            let source = Source::new(path, &"x\n".repeat(lines));
            assert_eq!(!check(&source).is_empty(), expect, "{path} {lines}");
        }
        run("crates/a/src/b.rs", 800, false);
        run("crates/a/src/b.rs", 801, true);
        run("web/src/A.svelte", 801, true);
        run("web/src/lib/api/schema.d.ts", 9000, false);
        run("CHANGELOG.md", 9000, false);
    }
}

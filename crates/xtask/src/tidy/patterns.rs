//! Words that may not stand in some places: the engine behind `rules_rust` and `rules_web`.

use super::source::Source;
use super::{Finding, rules_rust, rules_web};

/// A rule of the form "these words don't belong here".
pub(super) struct Rule {
    pub(super) words: &'static [&'static str],
    pub(super) look: Look,
    pub(super) lines: Lines,
    /// Beginnings of the paths where the rule holds; empty means everywhere.
    pub(super) within: &'static [&'static str],
    /// Beginnings of the paths where the words do belong.
    pub(super) except: &'static [&'static str],
    pub(super) says: &'static str,
}

#[derive(Clone, Copy)]
pub(super) enum Look {
    /// Rust without comments and the insides of literals.
    Code,
    /// Rust without comments; capitals count as small letters.
    Literals,
    /// The text as it is.
    Text,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    All,
    Product,
    Tests,
}

pub(super) fn check_rust(source: &Source) -> Vec<Finding> {
    if !source.is_rust() {
        return Vec::new();
    }
    let mut findings = apply(rules_rust::RULES, source);
    findings.extend(check_statics(source));
    findings
}

pub(super) fn check_web(source: &Source) -> Vec<Finding> {
    if !source.is_web() || !source.is_below(&["web/", "e2e/"]) {
        return Vec::new();
    }
    apply(rules_web::RULES, source)
}

fn apply(rules: &[Rule], source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in rules {
        if source.is_below(rule.except) || !(rule.within.is_empty() || source.is_below(rule.within)) {
            continue;
        }
        let text = match rule.look {
            Look::Code => &source.code,
            Look::Literals => &source.uncommented.to_ascii_lowercase(),
            Look::Text => &source.text,
        };
        for (index, line) in text.lines().enumerate() {
            let wanted = match rule.lines {
                Lines::All => true,
                Lines::Product => !source.is_test_line(index + 1),
                Lines::Tests => source.is_test_line(index + 1),
            };
            if let Some(word) = rule.words.iter().find(|word| wanted && has_word(line, word)) {
                findings.push(Finding::new(&source.path, index + 1, format!("`{word}`: {}", rule.says)));
            }
        }
    }
    findings
}

/// State belongs to an owner that is handed around, not to the process.
fn check_statics(source: &Source) -> Vec<Finding> {
    const STATEFUL: [&str; 8] = ["Mutex", "RwLock", "OnceLock", "OnceCell", "LazyLock", "Cell", "Sender", "mut"];
    source
        .code
        .lines()
        .enumerate()
        .filter(|(index, line)| {
            let declares = line.trim_start().trim_start_matches("pub(crate) ").trim_start_matches("pub ");
            declares.starts_with("static ")
                && !source.is_test_line(index + 1)
                && (declares.contains(": Atomic") || STATEFUL.iter().any(|word| has_word(declares, word)))
        })
        .filter(|_| !source.is_below(rules_rust::STATICS))
        .map(|(index, _)| {
            let says = "no statics with state: give it an owner and pass it on (or review it in xtask's rules_rust::STATICS)";
            Finding::new(&source.path, index + 1, says)
        })
        .collect()
}

/// Whether `word` stands in `line` as a word of its own, as far as its ends are letters.
pub(super) fn has_word(line: &str, word: &str) -> bool {
    let is_letter = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let open = |end: Option<char>, beside: Option<char>| end.is_some_and(is_letter) && beside.is_some_and(is_letter);
        !open(word.chars().next(), before) && !open(word.chars().next_back(), after)
    })
}

#[cfg(test)]
pub(super) fn lines_found(check: fn(&Source) -> Vec<Finding>, path: &str, text: &str) -> Vec<usize> {
    let mut lines: Vec<usize> = check(&Source::new(path, text)).into_iter().map(|finding| finding.line).collect();
    lines.sort_unstable();
    lines.dedup();
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_not_part_of_another() {
        assert!(has_word("a.sleep(b)", "sleep("));
        assert!(!has_word("pg_sleep(b)", "sleep("));
        assert!(has_word("sqlx::query(x)", "sqlx::query"));
        assert!(!has_word("sqlx::querying", "sqlx::query"));
        assert!(has_word("x.query!(y)", "query!"));
    }

    #[test]
    fn statics_with_state_are_found() {
        fn check(path: &str, text: &str, expect: &[usize]) {
            assert_eq!(lines_found(check_statics, path, text), expect, "{path}: {text}");
        }
        check("crates/feed/src/a.rs", "static A: Mutex<u8> = x;", &[1]);
        check("crates/feed/src/a.rs", "pub(crate) static A: AtomicU64 = x;", &[1]);
        check("crates/feed/src/a.rs", "static mut A: u8 = 1;", &[1]);
        check("crates/feed/src/a.rs", "static A: &str = \"Mutex\";", &[]);
        check("crates/feed/src/a.rs", "const A: Vec<Mutex<u8>> = x;", &[]);
        check("crates/feed/src/a.rs", "#[cfg(test)]\nmod tests {\n static A: Mutex<u8> = x;\n}", &[]);
        check("crates/testkit/src/a.rs", "static A: Mutex<u8> = x;", &[]);
    }
}

//! A file as the checks see it: its text, and for Rust the text without comments
//! and without what stands in quotes, line by line at the same place.

/// One file of the repository.
pub(super) struct Source {
    pub(super) path: String,
    pub(super) text: String,
    /// Rust only: comments blanked out.
    pub(super) uncommented: String,
    /// Rust only: comments and the insides of literals blanked out.
    pub(super) code: String,
    /// Rust only: per line, whether it belongs to a test.
    test_lines: Vec<bool>,
}

impl Source {
    pub(super) fn new(path: &str, text: &str) -> Self {
        let mut source = Self {
            path: path.to_owned(),
            text: text.to_owned(),
            uncommented: String::new(),
            code: String::new(),
            test_lines: Vec::new(),
        };
        if source.is_rust() {
            (source.uncommented, source.code) = blank(text);
            source.test_lines = test_lines(&source.code);
        }
        source
    }

    pub(super) fn is_rust(&self) -> bool {
        self.has_extension("rs")
    }

    pub(super) fn is_web(&self) -> bool {
        self.has_extension("ts") || self.has_extension("svelte") || self.has_extension("js")
    }

    pub(super) fn has_extension(&self, extension: &str) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, end)| end == extension)
    }

    pub(super) fn is_below(&self, directories: &[&str]) -> bool {
        directories.iter().any(|directory| self.path.starts_with(directory))
    }

    /// Whether the whole file is there for tests alone.
    pub(super) fn is_test_file(&self) -> bool {
        self.path.contains("/tests/")
            || self.path.contains("/benches/")
            || self.path.ends_with("/tests.rs")
            || self.is_below(&["crates/testkit/", "crates/bench/", "fuzz/", "e2e/"])
            || self.path.ends_with(".test.ts")
    }

    /// Whether the line (from 1) is only compiled for tests.
    pub(super) fn is_test_line(&self, line: usize) -> bool {
        self.is_test_file() || self.test_lines.get(line - 1).copied().unwrap_or(false)
    }
}

/// The text with comments blanked, and the same with literals blanked too. Every
/// other character stays at its place, and so do the ends of lines.
fn blank(text: &str) -> (String, String) {
    let mut uncommented = String::with_capacity(text.len());
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let piece = piece(rest);
        let (token, kind) = match piece {
            Some((length, kind)) => (&rest[..length], kind),
            None => (&rest[..first.len_utf8()], Kind::Code),
        };
        for c in token.chars() {
            let hidden = if c == '\n' { '\n' } else { ' ' };
            uncommented.push(if kind == Kind::Comment { hidden } else { c });
            code.push(if kind == Kind::Code { c } else { hidden });
        }
        rest = &rest[token.len()..];
    }
    (uncommented, code)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code,
    Comment,
    Literal,
}

/// The comment, literal or whole word at the start of `rest`, with its length in bytes.
fn piece(rest: &str) -> Option<(usize, Kind)> {
    if rest.starts_with("//") {
        return Some((rest.find('\n').unwrap_or(rest.len()), Kind::Comment));
    }
    if rest.starts_with("/*") {
        return Some((block_comment(rest), Kind::Comment));
    }
    if rest.starts_with('"') {
        return Some((string(rest), Kind::Literal));
    }
    if rest.starts_with('\'') {
        return character(rest).map(|length| (length, Kind::Literal));
    }
    // A word in one piece, so that the r of `for` never begins a raw string.
    let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    if word == 0 {
        return None;
    }
    if matches!(&rest[..word], "r" | "br" | "cr")
        && let Some(length) = raw_string(&rest[word..])
    {
        return Some((word + length, Kind::Literal));
    }
    Some((word, Kind::Code))
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

fn string(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// `#"…"#` behind an `r`; nothing for a raw identifier.
fn raw_string(rest: &str) -> Option<usize> {
    let hashes = rest.bytes().take_while(|byte| *byte == b'#').count();
    let body = rest[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = body.find(&end).map_or(body.len(), |at| at + end.len());
    Some(hashes + 1 + length)
}

/// `'x'` or `'\n'`; nothing for a lifetime.
fn character(rest: &str) -> Option<usize> {
    let mut inner = rest[1..].char_indices();
    let (_, first) = inner.next()?;
    if first == '\\' {
        let (_, _) = inner.next()?;
        return rest[1..].char_indices().skip(2).find(|(_, c)| *c == '\'').map(|(at, _)| at + 2);
    }
    let (at, next) = inner.next()?;
    (next == '\'').then_some(at + 2)
}

/// Per line, whether it lies in an item under `#[cfg(test)]`.
fn test_lines(code: &str) -> Vec<bool> {
    let mut lines = vec![false; code.lines().count()];
    let mut from = 0;
    while let Some(at) = code[from..].find("#[cfg(test)]") {
        let start = from + at;
        let end = end_of_item(code, start + "#[cfg(test)]".len());
        let first = code[..start].matches('\n').count();
        let last = code[..end].matches('\n').count();
        for line in lines.iter_mut().take(last + 1).skip(first) {
            *line = true;
        }
        from = end;
    }
    lines
}

/// Behind the braces that the item opens, or behind its semicolon.
fn end_of_item(code: &str, from: usize) -> usize {
    let mut braces = 0_usize;
    // `[u8; 4]` in a signature ends no item.
    let mut brackets = 0_usize;
    for (at, c) in code[from..].char_indices() {
        match c {
            '[' | '(' => brackets += 1,
            ']' | ')' => brackets = brackets.saturating_sub(1),
            '{' => braces += 1,
            '}' if braces <= 1 => return from + at + 1,
            '}' => braces -= 1,
            ';' if braces == 0 && brackets == 0 => return from + at + 1,
            _ => {}
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blanked_in_place() {
        fn check(text: &str, uncommented: &str, code: &str) {
            assert_eq!(blank(text), (uncommented.to_owned(), code.to_owned()), "{text}");
        }
        check("let a = 1; // b", "let a = 1;     ", "let a = 1;     ");
        check("a /* b /* c */ d */ e", "a                   e", "a                   e");
        check("f(\"x\\\"y\") + g", "f(\"x\\\"y\") + g", "f(      ) + g");
        check("f(r#\"a\"b\"#)", "f(r#\"a\"b\"#)", "f(        )");
        check("for x in \"r\"", "for x in \"r\"", "for x in    ");
        check("'a' 'b: &'static str '\\''", "'a' 'b: &'static str '\\''", "    'b: &'static str     ");
        check("\"//\" x", "\"//\" x", "     x");
        check("// a\n\"b\nc\"", "    \n\"b\nc\"", "    \n  \n  ");
        check("r#type", "r#type", "r#type");
    }

    #[test]
    fn lines_of_tests_are_known() {
        fn check(text: &str, expect: &[usize]) {
            let source = Source::new("crates/x/src/lib.rs", text);
            let lines: Vec<usize> = (1..=text.lines().count()).filter(|line| source.is_test_line(*line)).collect();
            assert_eq!(lines, expect, "{text}");
        }
        check("fn a() {}\n#[cfg(test)]\nmod tests {\n  fn b() { {} }\n}\nfn c() {}", &[2, 3, 4, 5]);
        check("#[cfg(test)]\nmod tests;\nfn c() {}", &[1, 2]);
        check("#[cfg(test)]\nuse a::{b, c};\nfn c() {}", &[1, 2]);
        check("#[cfg(test)]\nfn a() -> [u8; 2] {\n  x\n}\nfn c() {}", &[1, 2, 3, 4]);
        check("// #[cfg(test)]\nfn c() {}", &[]);
    }
}

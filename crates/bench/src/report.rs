//! What is printed, and written to `target/bench/NAME.json`.

use anyhow::Context as _;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// One line of the table.
struct Line {
    what: String,
    bar: String,
    measured: String,
    /// `None`: there is no bar.
    met: Option<bool>,
}

/// Lines that belong together, and how they were measured.
struct Section {
    title: String,
    notes: Vec<String>,
    lines: Vec<Line>,
}

pub(crate) struct Report {
    name: &'static str,
    sections: Vec<Section>,
    details: Map<String, Value>,
}

/// A bar and whether it is met.
pub(crate) struct Bar {
    text: String,
    met: bool,
}

impl Bar {
    pub(crate) fn at_most(bar: f64, unit: &str, measured: f64) -> Self {
        Self { text: format!("≤ {bar}{unit}"), met: measured <= bar }
    }

    pub(crate) fn at_least(text: &str, bar: f64, measured: f64) -> Self {
        Self { text: format!("≥ {text}"), met: measured >= bar }
    }
}

impl Report {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, sections: Vec::new(), details: Map::new() }
    }

    pub(crate) fn section(&mut self, title: impl Into<String>) {
        self.sections.push(Section { title: title.into(), notes: Vec::new(), lines: Vec::new() });
    }

    /// How the section at hand was measured, and what to think of when reading it.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        if let Some(section) = self.sections.last_mut() {
            section.notes.push(note.into());
        }
    }

    pub(crate) fn line(&mut self, what: impl Into<String>, bar: Option<Bar>, measured: impl Into<String>) {
        if let Some(section) = self.sections.last_mut() {
            let (bar, met) = bar.map_or((String::new(), None), |bar| (bar.text, Some(bar.met)));
            section.lines.push(Line { what: what.into(), bar, measured: measured.into(), met });
        }
    }

    /// Numbers for machines.
    pub(crate) fn detail(&mut self, name: &str, value: Value) {
        self.details.insert(name.to_owned(), value);
    }

    pub(crate) fn print(&self) {
        for section in &self.sections {
            println!("\n{}", section.title);
            for note in &section.notes {
                println!("    {note}");
            }
            let width = |pick: fn(&Line) -> &str| section.lines.iter().map(|l| pick(l).chars().count()).max().unwrap_or(0);
            let (what, bar, measured) = (width(|l| &l.what), width(|l| &l.bar), width(|l| &l.measured));
            for line in &section.lines {
                let verdict = match line.met {
                    Some(true) => "met",
                    Some(false) => "NOT met",
                    None => "",
                };
                println!("  {:what$}  {:bar$}  {:measured$}  {verdict}", line.what, line.bar, line.measured);
            }
        }
    }

    /// Writes it all as JSON; answers where.
    pub(crate) fn write(&self, target: &Path) -> anyhow::Result<PathBuf> {
        let lines: Vec<Value> = self
            .sections
            .iter()
            .flat_map(|s| s.lines.iter().map(move |l| (s, l)))
            .map(|(s, l)| json!({ "section": s.title, "what": l.what, "bar": l.bar, "measured": l.measured, "met": l.met }))
            .collect();
        let dir = target.join("bench");
        std::fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        let path = dir.join(format!("{}.json", self.name));
        let text = serde_json::to_string_pretty(&json!({ "bench": self.name, "lines": lines, "details": self.details }))?;
        std::fs::write(&path, text + "\n").with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }
}

//! A status page for people: whole without JavaScript, in HTML that escapes whatever it is given.

use super::language::Language;
use super::texts::{self, Texts};
use super::{Form, assets, clock, etag};
use crate::wire::status::rounded;
use chrono::{DateTime, Utc};
use domain::Refusal;
use domain::access::Visibility;
use domain::status_page::{Day, Notice, Shown, ShownState, StatusView};
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment};
use serde::Serialize;

/// All templates, read once.
pub(super) fn templates() -> Environment<'static> {
    let mut templates = Environment::new();
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    templates.add_function("time", time);
    for (name, text) in [
        ("status.html", include_str!("templates/status.html")),
        ("notices.html", include_str!("templates/notices.html")),
        ("answer.html", include_str!("templates/answer.html")),
    ] {
        // A template that can't be read is one that a test has not seen: rendering it then says so.
        if let Err(error) = templates.add_template(name, text) {
            tracing::error!(%error, name, "a template of ours can't be read");
        }
    }
    templates
}

/// A time as people read it without a script, which puts it on the reader's clock.
fn time(at: String) -> Value {
    let shown = at.parse::<DateTime<Utc>>().map_or_else(|_| String::new(), |at| at.format("%Y-%m-%d %H:%M UTC").to_string());
    // What it is made of is a time of ours, and digits.
    if shown.is_empty() {
        Value::from("")
    } else {
        Value::from_safe_string(format!("<time datetime=\"{at}\" data-local>{shown}</time>"))
    }
}

#[derive(Serialize)]
struct PageContext<'a> {
    t: &'static Texts,
    version: String,
    etag: String,
    page: PageText<'a>,
    overall: &'static str,
    as_of: String,
    clock: String,
    may_subscribe: bool,
    sections: Vec<SectionText<'a>>,
    active: Vec<NoticeText<'a>>,
    planned: Vec<NoticeText<'a>>,
    past: Vec<NoticeText<'a>>,
}

#[derive(Serialize)]
struct PageText<'a> {
    slug: &'a str,
    title: &'a str,
    headline: &'a str,
    overall: &'static str,
    history_days: i32,
}

#[derive(Serialize)]
struct SectionText<'a> {
    title: Option<&'a str>,
    systems: Vec<SystemText<'a>>,
}

#[derive(Serialize)]
struct SystemText<'a> {
    key: String,
    label: &'a str,
    class: &'static str,
    icon: &'static str,
    state: &'static str,
    uptime: String,
    bars: Vec<Bar>,
    /// The same as the bars, for whoever reads: equal days are one line.
    figures: Vec<String>,
}

#[derive(Serialize)]
struct Bar {
    class: &'static str,
    title: String,
}

#[derive(Serialize)]
struct NoticeText<'a> {
    kind: &'static str,
    title: &'a str,
    state: &'static str,
    starts_at: String,
    ends_at: Option<String>,
    affects: String,
    updates: Vec<UpdateText<'a>>,
}

#[derive(Serialize)]
struct UpdateText<'a> {
    at: String,
    state: Option<&'static str>,
    message: &'a str,
}

pub(super) fn page(
    templates: &Environment<'_>,
    view: &StatusView,
    language: Language,
    as_of: DateTime<Utc>,
) -> Result<String, Refusal> {
    let notices = |which: &dyn Fn(&Notice) -> bool| -> Vec<NoticeText<'_>> {
        view.notices.iter().filter(|notice| which(notice)).map(|notice| notice_text(notice, language)).collect()
    };
    let context = PageContext {
        t: texts::of(language),
        version: assets::version(),
        etag: etag(view, Form::Html, language),
        page: PageText {
            slug: &view.slug,
            title: &view.title,
            headline: &view.headline,
            overall: view.overall().as_str(),
            history_days: view.history_days,
        },
        overall: texts::overall(language, view.overall()),
        as_of: as_of.to_rfc3339(),
        clock: clock(as_of),
        // Mail goes to strangers: only what strangers may read, and only where somebody can be asked.
        may_subscribe: view.visibility == Visibility::Public && view.has_mail,
        sections: sections(view, language),
        active: notices(&|notice| notice.is_active),
        planned: notices(&|notice| !notice.is_active && !notice.is_over),
        past: notices(&|notice| notice.is_over),
    };
    render(templates, "status.html", &context)
}

/// A page that says one thing, and may ask for one click.
pub(super) fn answer(
    templates: &Environment<'_>,
    language: Language,
    title_and_text: fn(&Texts) -> (&'static str, &'static str),
    action: Option<&str>,
    slug: Option<&str>,
) -> Result<String, Refusal> {
    #[derive(Serialize)]
    struct Context<'a> {
        t: &'static Texts,
        version: String,
        title: &'static str,
        text: &'static str,
        action: Option<&'a str>,
        slug: Option<&'a str>,
    }
    let t = texts::of(language);
    let (title, text) = title_and_text(t);
    render(templates, "answer.html", &Context { t, version: assets::version(), title, text, action, slug })
}

fn render(templates: &Environment<'_>, name: &str, context: &impl Serialize) -> Result<String, Refusal> {
    let rendered = templates.get_template(name).and_then(|template| template.render(Serde(context)));
    rendered.map_err(|error| Refusal::Internal { source: Box::new(error) })
}

fn sections(view: &StatusView, language: Language) -> Vec<SectionText<'_>> {
    let sections = view.sections.iter().enumerate().map(|(at, section)| {
        let systems = section.systems.iter().enumerate();
        let systems = systems.map(|(n, shown)| system_text(format!("days-{at}-{n}"), shown, language)).collect();
        SectionText { title: section.title.as_deref(), systems }
    });
    sections.collect()
}

fn system_text(key: String, shown: &Shown, language: Language) -> SystemText<'_> {
    let t = texts::of(language);
    let uptime = match shown.uptime_percent() {
        Some(percent) => format!("{} {}", percent_text(percent, language), t.uptime()),
        None => t.no_data().to_owned(),
    };
    let title = |day: &Day| format!("{}: {}", day.date, day_text(day, language));
    SystemText {
        key,
        label: &shown.label,
        class: shown.state.as_str(),
        icon: match shown.state {
            ShownState::Operational => "✓",
            ShownState::Unknown => "?",
            ShownState::Maintenance => "⚒",
            ShownState::Degraded => "!",
            ShownState::Down => "✕",
        },
        state: texts::state(language, shown.state),
        uptime,
        bars: shown.days.iter().map(|day| Bar { class: bar_class(day), title: title(day) }).collect(),
        figures: figures(&shown.days, language),
    }
}

fn day_text(day: &Day, language: Language) -> String {
    day.uptime_percent().map_or_else(|| texts::of(language).no_data().to_owned(), |percent| percent_text(percent, language))
}

fn figures(days: &[Day], language: Language) -> Vec<String> {
    let mut lines = Vec::new();
    for same in days.chunk_by(|a, b| a.uptime_percent() == b.uptime_percent()) {
        let (Some(first), Some(last)) = (same.first(), same.last()) else { continue };
        let span = if first.date == last.date { first.date.to_string() } else { format!("{} – {}", first.date, last.date) };
        lines.push(format!("{span}: {}", day_text(first, language)));
    }
    lines.reverse();
    lines
}

/// Down, never up: 99.9999 is not 100.
fn percent_text(percent: f64, language: Language) -> String {
    let text = rounded(percent).to_string();
    match language {
        Language::English => format!("{text}%"),
        Language::Norwegian => format!("{} %", text.replace('.', ",")),
    }
}

/// The style of a bar; none for a day without a failure.
fn bar_class(day: &Day) -> &'static str {
    match day.uptime_percent() {
        None => "n",
        Some(percent) if percent >= 100.0 => "",
        Some(percent) if percent >= 99.0 => "a",
        Some(percent) if percent >= 90.0 => "b",
        Some(_) => "c",
    }
}

fn notice_text(notice: &Notice, language: Language) -> NoticeText<'_> {
    let updates = notice.updates.iter().map(|update| UpdateText {
        at: update.at.to_rfc3339(),
        state: update.state.as_deref().map(|state| texts::notice_state(language, state)),
        message: &update.message,
    });
    NoticeText {
        kind: texts::notice_kind(language, notice.kind),
        title: &notice.title,
        state: texts::notice_state(language, &notice.state),
        starts_at: notice.starts_at.to_rfc3339(),
        ends_at: notice.ends_at.map(|at| at.to_rfc3339()),
        affects: notice.affects.join(", "),
        updates: updates.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{Days, NaiveDate};

    #[test]
    fn percents_are_exact_and_never_flatter() {
        let check = |percent, english: &str, norwegian: &str| {
            assert_eq!(percent_text(percent, Language::English), english);
            assert_eq!(percent_text(percent, Language::Norwegian), norwegian);
        };
        check(100.0, "100%", "100 %");
        check(99.9999, "99.999%", "99,999 %");
        check(0.0, "0%", "0 %");
    }

    #[test]
    fn equal_days_are_one_line() {
        let first = NaiveDate::from_ymd_opt(2026, 11, 1).unwrap();
        let day = |n: u64, runs, failures| Day { date: first + Days::new(n), runs, failures };
        let days = [day(0, 0, 0), day(1, 10, 0), day(2, 20, 0), day(3, 10, 1)];
        let expect = ["2026-11-04: 90%", "2026-11-02 – 2026-11-03: 100%", "2026-11-01: no data"];
        assert_eq!(figures(&days, Language::English), expect);
    }
}

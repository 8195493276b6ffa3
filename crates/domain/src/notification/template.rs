//! In which words a message goes out: built in for each channel, and a connection may have others.
//!
//! A template is a small language of its own: text, `{{ names }}`, `if`, `for` and a few filters. It reads no
//! file, calls nothing and keeps nothing, and its steps, its length and what it makes are bounded: whoever may
//! change a connection must not be able to hold up or fill the server.

mod allowed;

use super::{NoticeKind, words};
use crate::connection::Channel;
use crate::limits::{TEMPLATE_FUEL, TEMPLATE_MAX_BYTES, TEMPLATE_OUTPUT_MAX_BYTES};
use crate::refusal::Refusal;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::{Deserialize, Serialize};
use std::io::{self, Write};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a message is made from, as it was when it happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Letter {
    pub kind: NoticeKind,
    pub headline: String,
    pub node_id: Uuid,
    pub node_kind: String,
    pub title: String,
    /// Somebody's words, or the reason.
    pub message: Option<String>,
    /// Names of systems that it is about, as far as whom it goes to may read them.
    #[serde(default)]
    pub systems: Vec<String>,
    /// Like `2026-11-22 13:00 UTC`.
    pub at: String,
    pub starts_at: Option<String>,
    pub ends_at: Option<String>,
    /// The page that shows it.
    #[serde(default)]
    pub url: String,
    /// Of mail to who follows a status page; such mail has no words of the connection's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<StatusLinks>,
}

/// Where the links of mail about a status page lead: paths on this server, and then addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusLinks {
    /// The status page's title.
    pub title: String,
    pub page: String,
    /// Of who has confirmed: ends it.
    pub unsubscribe: Option<String>,
}

/// The parts of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Subject,
    Body,
    Html,
}

/// A connection's own words for a kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Template {
    pub kind: NoticeKind,
    #[schema(max_length = 8192, example = "[{{ headline }}] {{ title }}")]
    pub subject: String,
    #[schema(max_length = 8192)]
    pub body: String,
    /// Of mail; absent: the text alone.
    #[serde(default)]
    #[schema(nullable = false, max_length = 8192)]
    pub html: Option<String>,
}

/// Why a template is refused or does not render: for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadTemplate(pub String);

/// A message as it goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    pub body: String,
    /// Of mail.
    pub html: Option<String>,
}

impl Template {
    /// Refuses what can't be rendered.
    pub fn validate(&self) -> Result<(), Refusal> {
        if !self.kind.is_for_members() {
            return Err(Refusal::invalid("kind", "a kind that one can subscribe to: others have words that are built in"));
        }
        let parts = [("subject", Some(&self.subject)), ("body", Some(&self.body)), ("html", self.html.as_ref())];
        for (field, source) in parts.into_iter().filter_map(|(field, source)| Some((field, source?))) {
            allowed::check(source).map_err(|error| Refusal::invalid(field, error.0))?;
        }
        preview(self).map(drop).map_err(|error| Refusal::invalid("body", error.0))
    }
}

const SUBJECT: &str = "{{ headline }}: {{ title }}";
const BODY: &str = "{{ headline }}: {{ title }}
{% if message %}
{{ message }}
{% endif %}{% if starts_at %}
From {{ starts_at }}{% if ends_at %} to {{ ends_at }}{% endif %}
{% endif %}{% if systems %}
About: {{ systems|join(', ') }}
{% endif %}{% if url %}
{{ url }}
{% endif %}{% if status %}
--
{% if status.unsubscribe %}You are told because this address is subscribed to the status page {{ status.title }}.
To end that: {{ status.unsubscribe }}
{% else %}Somebody gave this address to be told what the status page {{ status.title }} says.
If that was not you, do nothing: without your confirmation no other mail follows.
{% endif %}{% endif %}";
const HTML: &str = "<!doctype html><html><body style=\"font-family:sans-serif;max-width:40em\">
<h2>{{ headline }}: {{ title }}</h2>
{% if message %}<p style=\"white-space:pre-wrap\">{{ message }}</p>{% endif %}
{% if starts_at %}<p>From <b>{{ starts_at }}</b>{% if ends_at %} to <b>{{ ends_at }}</b>{% endif %}</p>{% endif %}
{% if systems %}<p>About: {{ systems|join(', ') }}</p>{% endif %}
{% if url %}<p><a href=\"{{ url }}\">{{ url }}</a></p>{% endif %}
{% if status %}<hr><p style=\"color:#555\">{% if status.unsubscribe %}You are told because this address is subscribed to the status page
{{ status.title }}. <a href=\"{{ status.unsubscribe }}\">Unsubscribe</a>{% else %}Somebody gave this address to be told what the status page
{{ status.title }} says. If that was not you, do nothing: without your confirmation no other mail follows.{% endif %}</p>{% endif %}
</body></html>";
const SLACK: &str = "*{{ headline }}: {{ title }}*
{% if message %}{{ message }}
{% endif %}{% if starts_at %}From {{ starts_at }}{% if ends_at %} to {{ ends_at }}{% endif %}
{% endif %}{% if systems %}About: {{ systems|join(', ') }}
{% endif %}{% if url %}<{{ url }}>{% endif %}";

/// Makes a message. One of a connection's own that does not render gives way to the one built in: whoever is
/// to be told is told.
pub fn render(channel: Channel, own: Option<&Template>, letter: &Letter) -> Rendered {
    let own = own.and_then(|own| rendered(&own.subject, &own.body, own.html.as_deref(), letter).ok());
    own.unwrap_or_else(|| {
        let body = if channel == Channel::Slack { SLACK } else { BODY };
        let html = (channel == Channel::Smtp).then_some(HTML);
        // What is built in renders; a test sees to it. The names alone say enough all the same.
        rendered(SUBJECT, body, html, letter).unwrap_or_else(|_| Rendered {
            subject: one_line(&format!("{}: {}", letter.headline, letter.title)),
            body: letter.title.clone(),
            html: None,
        })
    })
}

/// What a template makes of an example, or why it makes nothing.
pub fn preview(template: &Template) -> Result<Rendered, BadTemplate> {
    rendered(&template.subject, &template.body, template.html.as_deref(), &example(template.kind))
}

fn rendered(subject: &str, body: &str, html: Option<&str>, letter: &Letter) -> Result<Rendered, BadTemplate> {
    Ok(Rendered {
        subject: one_line(&run(Part::Subject, subject, letter)?),
        body: run(Part::Body, body, letter)?,
        html: html.map(|html| run(Part::Html, html, letter)).transpose()?,
    })
}

fn run(part: Part, source: &str, letter: &Letter) -> Result<String, BadTemplate> {
    allowed::check(source)?;
    // Nothing that is built in: neither filters nor functions.
    let mut environment = Environment::empty();
    environment.set_fuel(Some(TEMPLATE_FUEL));
    environment.set_recursion_limit(50);
    environment.set_undefined_behavior(UndefinedBehavior::Lenient);
    environment.set_auto_escape_callback(move |_| if part == Part::Html { AutoEscape::Html } else { AutoEscape::None });
    allowed::add_filters(&mut environment);
    let told = |error: minijinja::Error| BadTemplate(error.kind().to_string());
    environment.add_template("message", source).map_err(told)?;
    let template = environment.get_template("message").map_err(told)?;
    let mut output = Bounded(Vec::new());
    template.render_captured_to(minijinja::value::Serde(letter), &mut output).map_err(told)?;
    String::from_utf8(output.0).map_err(|_| BadTemplate("text".to_owned()))
}

/// Takes so much and no more.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > TEMPLATE_OUTPUT_MAX_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A subject is a header: one line, and not a long one.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().filter(|c| !c.is_control()).take(200).collect()
}

/// What a preview is made from.
pub fn example(kind: NoticeKind) -> Letter {
    Letter {
        kind,
        headline: words(kind).to_owned(),
        node_id: Uuid::nil(),
        node_kind: "maintenance".to_owned(),
        title: "New disks for the database".to_owned(),
        message: Some("It will be read-only for ten minutes.".to_owned()),
        systems: vec!["Checkout".to_owned(), "Database".to_owned()],
        at: "2026-11-22 12:00 UTC".to_owned(),
        starts_at: Some("2026-11-22 13:00 UTC".to_owned()),
        ends_at: Some("2026-11-22 14:00 UTC".to_owned()),
        url: "https://synops.example.org/maintenances/1".to_owned(),
        status: None,
    }
}

fn too_long() -> BadTemplate {
    BadTemplate(format!("at most {TEMPLATE_MAX_BYTES} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(subject: &str, body: &str, html: Option<&str>) -> Template {
        let html = html.map(str::to_owned);
        Template { kind: NoticeKind::MaintenancePlanned, subject: subject.to_owned(), body: body.to_owned(), html }
    }

    #[test]
    fn what_is_built_in_renders_for_each_kind_and_channel() {
        for kind in NoticeKind::ALL {
            for channel in Channel::ALL {
                let bare = Letter { message: None, systems: Vec::new(), starts_at: None, ends_at: None, ..example(*kind) };
                for letter in [example(*kind), bare] {
                    let made = render(*channel, None, &letter);
                    assert_eq!(made.subject, format!("{}: {}", words(*kind), letter.title));
                    assert!(made.body.contains(&letter.url) && made.body.contains(&letter.title), "{made:?}");
                    assert_eq!(made.html.is_some(), *channel == Channel::Smtp);
                    assert_eq!(made.body.contains("Checkout"), !letter.systems.is_empty(), "{made:?}");
                }
            }
        }
    }

    #[test]
    fn html_is_escaped_and_a_subject_is_one_line() {
        let letter = Letter {
            title: "<script>alert(1)</script>\r\nBcc: x@example.org".to_owned(),
            message: Some("a & b".to_owned()),
            ..example(NoticeKind::Announcement)
        };
        let made = render(Channel::Smtp, None, &letter);
        let html = made.html.unwrap();
        assert!(!html.contains("<script>") && html.contains("&lt;script&gt;") && html.contains("a &amp; b"), "{html}");
        assert!(!made.subject.contains(['\r', '\n']), "{:?}", made.subject);
        let own = template("{{ title }}", "x", Some("{{ title }}"));
        assert!(!render(Channel::Smtp, Some(&own), &letter).html.unwrap().contains("<script>"));
    }

    #[test]
    fn a_connections_own_words_are_used_while_they_render() {
        let letter = example(NoticeKind::MaintenancePlanned);
        let own = template("! {{ title|upper }}", "{% for name in systems %}- {{ name }}\n{% endfor %}", None);
        let made = render(Channel::Slack, Some(&own), &letter);
        assert_eq!((made.subject.as_str(), made.body.as_str()), ("! NEW DISKS FOR THE DATABASE", "- Checkout\n- Database\n"));
        let broken = template("{{ title", "x", None);
        assert_eq!(render(Channel::Slack, Some(&broken), &letter), render(Channel::Slack, None, &letter));
    }

    #[test]
    fn what_could_hold_up_the_server_is_refused() {
        let nested = "{% for a in systems %}".repeat(40) + "x" + &"{% endfor %}".repeat(40);
        let deep = format!("{{{{ {}1{} }}}}", "(".repeat(5_000), ")".repeat(5_000));
        let long = "x".repeat(TEMPLATE_MAX_BYTES + 1);
        for source in [
            "{{ 'x' * 1000000000 }}",
            "{{ title ~ title }}",
            "{% set x = title %}",
            "{% with x = title %}{{ x }}{% endwith %}",
            "{{ range(1000000000) }}",
            "{{ title|replace('a', title) }}",
            "{{ systems|join(', ')|pprint }}",
            "{% include 'x' %}",
            "{% import 'x' as y %}",
            "{% macro m() %}{% endmacro %}",
            "{% for a in systems recursive %}{{ loop(systems) }}{% endfor %}",
            "{% filter upper %}x{% endfilter %}",
            "{{ title.__class__.format() }}",
            "{{ title[:5] }}",
            "{% if title",
            nested.as_str(),
            deep.as_str(),
            long.as_str(),
        ] {
            let refused = template("x", source, None).validate();
            assert!(matches!(refused, Err(Refusal::Invalid { .. })), "{}: {refused:?}", &source[..source.len().min(60)]);
        }
        assert!(template("{{ title }}", "{{ nothing }}", Some("{{ title|lower|escape }}")).validate().is_ok());
    }
}

//! `/docs`: the OpenAPI description to read, without a script or anything from elsewhere.

use serde_json::Value;
use std::fmt::Write;
use utoipa::openapi::OpenApi;

const HEAD: &str = "<!doctype html>
<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"color-scheme\" content=\"light dark\"><title>Synops API</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
summary { cursor: pointer; padding: .3rem 0; } code { font-size: .95em; } .method { display: inline-block; width: 4.5rem; font-weight: 600; }
details > div { padding: 0 0 .8rem 4.5rem; } table { border-collapse: collapse; } td { padding: .1rem 1rem .1rem 0; vertical-align: top; }
pre { overflow-x: auto; padding: .6rem; border: 1px solid color-mix(in srgb, currentColor 25%, transparent); }
</style></head><body>
<h1>Synops API</h1>
<p>Below <code>/api/v1</code>. The whole description, for programs: <a href=\"/api/v1/openapi.json\">openapi.json</a>.</p>
";

/// The page, as HTML.
pub(crate) fn page(api: &OpenApi) -> String {
    let api = serde_json::to_value(api).unwrap_or_default();
    let mut html = HEAD.to_owned();
    for tag in api["tags"].as_array().into_iter().flatten() {
        let name = text(tag, "name");
        let operations: Vec<_> = operations(&api).filter(|(_, _, operation)| operation["tags"][0] == name).collect();
        if operations.is_empty() {
            continue;
        }
        let _ = write!(html, "<h2>{}</h2>\n<p>{}</p>\n", escape(name), escape(text(tag, "description")));
        for (method, path, operation) in operations {
            write_operation(&mut html, method, path, operation);
        }
    }
    html.push_str("<h2>Shapes</h2>\n");
    for (name, schema) in api["components"]["schemas"].as_object().into_iter().flatten() {
        let shown = serde_json::to_string_pretty(schema).unwrap_or_default();
        let name = escape(name);
        let _ = writeln!(
            html,
            "<details id=\"{name}\"><summary><code>{name}</code></summary><pre>{}</pre></details>",
            escape(&shown)
        );
    }
    html.push_str("</body></html>\n");
    html
}

fn operations(api: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    api["paths"].as_object().into_iter().flatten().flat_map(|(path, item)| {
        item.as_object().into_iter().flatten().map(move |(method, operation)| (method.as_str(), path.as_str(), operation))
    })
}

fn write_operation(html: &mut String, method: &str, path: &str, operation: &Value) {
    let _ = write!(
        html,
        "<details><summary><span class=\"method\">{}</span><code>{}</code> {}</summary><div>\n<p>{}</p><table>",
        method.to_uppercase(),
        escape(path),
        escape(text(operation, "summary")),
        escape(text(operation, "description"))
    );
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        row(html, text(parameter, "name"), &format!("{}; {}", text(parameter, "in"), text(parameter, "description")), None);
    }
    row_of_content(html, "body", "", &operation["requestBody"]["content"]);
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        row_of_content(html, status, text(response, "description"), &response["content"]);
    }
    html.push_str("</table></div></details>\n");
}

fn row_of_content(html: &mut String, name: &str, says: &str, content: &Value) {
    let media = content.as_object().and_then(|content| content.values().next());
    let shape = media.and_then(|media| media["schema"]["$ref"].as_str()).and_then(|path| path.rsplit('/').next());
    if media.is_some() || !says.is_empty() {
        row(html, name, says, shape);
    }
}

fn row(html: &mut String, name: &str, says: &str, shape: Option<&str>) {
    let shape = shape.map(|shape| format!("<a href=\"#{0}\">{0}</a>", escape(shape))).unwrap_or_default();
    let _ = writeln!(html, "<tr><td><code>{}</code></td><td>{}</td><td>{shape}</td></tr>", escape(name), escape(says));
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_on_the_page() {
        let api = crate::openapi();
        let page = page(&api);
        let json = serde_json::to_value(&api).unwrap();
        let all: Vec<_> = operations(&json).collect();
        assert!(all.len() > 40, "{}", all.len());
        for (method, path, operation) in all {
            assert!(
                page.contains(&format!("<code>{}</code> {}", escape(path), escape(text(operation, "summary")))),
                "{method} {path}"
            );
        }
        assert!(
            !page.contains("<script") && !page.contains(" src=") && !page.contains("href=\"http"),
            "something from elsewhere"
        );
    }
}

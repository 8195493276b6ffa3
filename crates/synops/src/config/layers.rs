//! The layers that settings come from, one over the other: defaults, file, environment.

use super::key::{self, KEYS, Key, Kind};
use super::{Environment, Error};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// The commented file that `synops config default` prints.
pub const DEFAULT_FILE: &str = include_str!("synops.default.toml");
/// Read when it is there and no other file is named.
const USUAL_FILE: &str = "synops.toml";

/// Where a value came from, for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Default,
    File(PathBuf),
    Variable(String),
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) => f.write_str(name),
        }
    }
}

/// The value in force of each setting that has one, by its name. Secrets are among them: not
/// `Debug`.
pub(super) struct Layers {
    pub(super) values: BTreeMap<&'static str, (Value, Source)>,
}

impl Layers {
    /// `file` is what the command line named.
    pub(super) fn read(file: Option<&Path>, environment: &Environment) -> Result<Self, Error> {
        let mut layers = Self { values: BTreeMap::new() };
        layers.add_file(DEFAULT_FILE, &Source::Default)?;
        let named = file.map(Path::to_owned).or_else(|| environment.get(key::CONFIG_VARIABLE).map(PathBuf::from));
        let path = named.clone().unwrap_or_else(|| PathBuf::from(USUAL_FILE));
        match std::fs::read_to_string(&path) {
            Ok(text) => layers.add_file(&text, &Source::File(path))?,
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error(format!("{}: {error}", path.display()))),
        }
        layers.add_environment(environment)?;
        Ok(layers)
    }

    fn add_file(&mut self, text: &str, source: &Source) -> Result<(), Error> {
        // The parser's own text shows the line it stopped at, which may hold a secret.
        let table: Table = toml::from_str(text).map_err(|error: toml::de::Error| {
            let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            Error(format!("{source}, line {line}: {}", error.message()))
        })?;
        self.add_table("", table, source)
    }

    fn add_table(&mut self, section: &str, table: Table, source: &Source) -> Result<(), Error> {
        for (name, value) in table {
            let name = if section.is_empty() { name } else { format!("{section}.{name}") };
            match (key::find(&name), value) {
                (Some(key), value) => self.set(key, value, source.clone())?,
                (None, Value::Table(table)) => self.add_table(&name, table, source)?,
                (None, _) => {
                    let nearest = key::nearest(&name);
                    return Err(Error(format!("{source}: there is no setting `{name}`; did you mean `{nearest}`?")));
                }
            }
        }
        Ok(())
    }

    fn add_environment(&mut self, environment: &Environment) -> Result<(), Error> {
        for name in environment.names() {
            if !key::variable_is_fine(name) {
                let nearest = key::nearest_variable(name);
                return Err(Error(format!("there is no setting {name} of the environment; did you mean {nearest}?")));
            }
        }
        for key in KEYS {
            let variable = key.variable();
            let direct = environment.get(&variable);
            let from_file = key.file_variable().and_then(|name| Some((environment.get(&name)?, name)));
            let (text, variable) = match (direct, from_file) {
                (Some(_), Some((_, other))) => return Err(Error(format!("both {variable} and {other} are set; keep one"))),
                (Some(text), None) => (text.to_owned(), variable),
                (None, Some((path, name))) => {
                    let text = std::fs::read_to_string(path).map_err(|error| Error(format!("{name}: {path}: {error}")))?;
                    (text.trim_end_matches(['\r', '\n']).to_owned(), name)
                }
                (None, None) => continue,
            };
            let source = Source::Variable(variable);
            let value = parse(key, &text).ok_or_else(|| wrong_kind(key, &source))?;
            self.set(key, value, source)?;
        }
        Ok(())
    }

    fn set(&mut self, key: &'static Key, value: Value, source: Source) -> Result<(), Error> {
        let fits = match key.kind {
            Kind::Text | Kind::Secret => value.is_str(),
            Kind::Number => value.is_integer(),
            Kind::Switch => value.is_bool(),
            Kind::List => is_list(&value),
            Kind::Commands => value.as_table().is_some_and(|all| {
                all.values().all(|command| is_list(command) && command.as_array().is_some_and(|words| !words.is_empty()))
            }),
        };
        if !fits {
            return Err(wrong_kind(key, &source));
        }
        self.values.insert(key.name, (value, source));
        Ok(())
    }
}

fn is_list(value: &Value) -> bool {
    value.as_array().is_some_and(|list| list.iter().all(Value::is_str))
}

/// A value as the environment writes it.
fn parse(key: &Key, text: &str) -> Option<Value> {
    Some(match key.kind {
        Kind::Text | Kind::Secret => Value::String(text.to_owned()),
        Kind::Number => Value::Integer(text.trim().parse().ok()?),
        Kind::Switch => Value::Boolean(text.trim().parse().ok()?),
        Kind::List => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            Value::Array(parts.map(|part| Value::String(part.to_owned())).collect())
        }
        Kind::Commands => return None,
    })
}

fn wrong_kind(key: &Key, source: &Source) -> Error {
    let expects = match key.kind {
        Kind::Text | Kind::Secret => "a text",
        Kind::Number => "a whole number",
        Kind::Switch => "true or false",
        Kind::List => "a list of texts",
        Kind::Commands => "a table in the file, of names with a list of texts each,",
    };
    Error(format!("`{}` ({source}): {expects} is expected", key.name))
}

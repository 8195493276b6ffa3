//! `synops`: one program, one verb each run.

use clap::Parser;
use std::process::ExitCode;
use synops::cli::{Cli, ServeArgs, Verb};
use synops::config::{Config, Environment};
use synops::exit::{self, Outcome};
use synops::{logs, tls, verbs};

fn main() -> ExitCode {
    tls::install_provider();
    let cli = Cli::parse();
    let result = tokio::runtime::Runtime::new().map_err(Into::into).and_then(|runtime| {
        let result = runtime.block_on(run(cli));
        // Whatever still runs after an impatient stop is not waited for.
        runtime.shutdown_background();
        result
    });
    exit::code(&result)
}

async fn run(cli: Cli) -> anyhow::Result<Outcome> {
    let environment = Environment::of_process();
    let file = cli.config.as_deref();
    let config = || -> anyhow::Result<Config> {
        let config = Config::load(file, &environment)?;
        logs::start(&config.log)?;
        Ok(config)
    };
    match cli.verb {
        Verb::Serve(args) => serve(config()?, &args).await,
        Verb::Migrate(json) => verbs::migrate::run(json, &config()?).await,
        Verb::Doctor(json) => verbs::doctor::run(json, &config()?).await,
        Verb::User(verb) => verbs::user::run(&verb, &config()?).await,
        Verb::Token(verb) => verbs::token::run(&verb, &config()?).await,
        Verb::Jobs(verb) => verbs::jobs::run(&verb, &config()?).await,
        Verb::DeadLetters(verb) => verbs::dead_letters::run(&verb, &config()?).await,
        Verb::Incident(verb) => verbs::incident::run(&verb, &config()?).await,
        Verb::Maintenance(verb) => verbs::maintenance::run(&verb, &config()?).await,
        Verb::Devices(verb) => verbs::devices::run(&verb, &config()?).await,
        Verb::Connections(verb) => verbs::connections::run(&verb, &config()?).await,
        Verb::Telemetry(verb) => verbs::telemetry::run(&verb, &config()?).await,
        Verb::Schema(verb) => verbs::schema::run(&verb, &config()?).await,
        Verb::Config(verb) => verbs::config::run(&verb, file, &environment),
        Verb::Openapi => verbs::openapi::run(),
    }
}

async fn serve(mut config: Config, args: &ServeArgs) -> anyhow::Result<Outcome> {
    config.demo |= args.demo;
    verbs::serve::run(config).await
}

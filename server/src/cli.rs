//! The command line and its environment variables.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum, builder::FalseyValueParser};

/// An embeddable storage and messaging suite, served to unmodified AWS SDKs.
#[derive(Debug, Parser)]
#[command(name = "millpond", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) options: Options,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve until Ctrl-C or SIGTERM; also what happens without a command
    Serve(Options),
}

/// How to serve.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The directory of the store; it is made if it is not there
    #[arg(long, env = "MILLPOND_DATA_DIR", value_name = "DIR", default_value = "./millpond-data")]
    pub(crate) data_dir: PathBuf,

    /// Keep everything in memory, and nothing after the end
    #[arg(long, env = "MILLPOND_MEMORY", value_parser = FalseyValueParser::new())]
    pub(crate) memory: bool,

    /// Refuse requests beyond the capacity of tables, global indexes and shards, to see what a client does then
    #[arg(long, env = "MILLPOND_THROTTLE", value_parser = FalseyValueParser::new())]
    pub(crate) throttle: bool,

    /// Let queues be purged and made anew at once, which takes 60 seconds in the service
    #[arg(long, env = "MILLPOND_NO_COOLDOWNS", value_parser = FalseyValueParser::new())]
    pub(crate) no_cooldowns: bool,

    /// Let the store's time stand still, until it is moved by `POST /_millpond/clock` with `{"advance_seconds": 1.5}`
    #[arg(long, env = "MILLPOND_MANUAL_CLOCK", value_parser = FalseyValueParser::new())]
    pub(crate) manual_clock: bool,

    /// Where to listen for AWS SDKs; port 0 takes a free one
    #[arg(long, env = "MILLPOND_AWS_ADDR", value_name = "ADDR", default_value = "127.0.0.1:4566")]
    pub(crate) aws_addr: SocketAddr,

    /// Where subscribers of topics reach this server, for the addresses in their messages: to confirm, to unsubscribe, and to get the certificate. Without this it is where the AWS SDKs are listened for
    #[arg(long, env = "MILLPOND_PUBLIC_URL", value_name = "URL", value_parser = public_url)]
    pub(crate) public_url: Option<String>,

    /// A file of certificates in PEM that subscribers over HTTPS may have, besides those of the public authorities
    #[arg(long, env = "MILLPOND_TRUSTED_CERTIFICATES", value_name = "FILE")]
    pub(crate) trusted_certificates: Option<PathBuf>,

    /// Where to listen for MongoDB's drivers; port 0 takes a free one, `off` does not listen. Without this it is 127.0.0.1:27017, unless another server is there
    #[arg(long, env = "MILLPOND_MONGO_ADDR", value_name = "ADDR")]
    pub(crate) mongo_addr: Option<MongoAddr>,

    /// The name of the replica set of one that MongoDB's drivers are told
    #[arg(long, env = "MILLPOND_MONGO_SET_NAME", value_name = "NAME", default_value = "rs0")]
    pub(crate) mongo_set_name: String,

    /// The address that MongoDB's drivers are told, if it is not the one that they connect to
    #[arg(long, env = "MILLPOND_MONGO_HOST", value_name = "HOST:PORT")]
    pub(crate) mongo_host: Option<String>,

    /// Have MongoDB's commands for tests: `configureFailPoint`
    #[arg(long, env = "MILLPOND_MONGO_TEST_COMMANDS", value_parser = FalseyValueParser::new())]
    pub(crate) mongo_test_commands: bool,

    /// A directory in the place of S3, for exports and imports: a bucket is a directory in it, a key a path below that
    #[arg(long, env = "MILLPOND_S3_DIR", value_name = "DIR")]
    pub(crate) s3_dir: Option<PathBuf>,

    /// In which words malformed PutItem, UpdateItem and DeleteItem requests are refused
    #[arg(long, env = "MILLPOND_WORDING", value_name = "WORDING", default_value = "current")]
    pub(crate) wording: Wording,

    /// What to log on standard error: off, error, warn, info, debug, trace, or a filter such as `millpond=debug`
    #[arg(long, env = "MILLPOND_LOG", value_name = "FILTER", default_value = "warn")]
    pub(crate) log: String,
}

/// Where MongoDB's drivers are listened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MongoAddr {
    /// Nowhere.
    Off,
    /// At this address.
    At(SocketAddr),
}

impl std::str::FromStr for MongoAddr {
    type Err = std::net::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => Ok(MongoAddr::Off),
            address => address.parse().map(MongoAddr::At),
        }
    }
}

/// An address that paths can be put after.
fn public_url(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://")).unwrap_or_default();
    match host.starts_with(['/', '?', '#'])
        || host.is_empty()
        || text.contains(|at: char| " ?#".contains(at) || at.is_control())
    {
        true => Err("an address like https://events.example.com is expected".to_owned()),
        false => Ok(text.trim_end_matches('/').to_owned()),
    }
}

/// The words of a region of DynamoDB.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Wording {
    /// Those of most regions since June 2026
    Current,
    /// Those of before
    Earlier,
}

impl From<Wording> for millpond::kv::Wording {
    fn from(wording: Wording) -> Self {
        match wording {
            Wording::Current => Self::Current,
            Wording::Earlier => Self::Earlier,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_may_stand_with_and_without_the_command() {
        for arguments in [
            &["millpond", "serve", "--memory", "--aws-addr", "[::1]:0"][..],
            &["millpond", "--memory", "--aws-addr", "[::1]:0"],
        ] {
            let Cli { command, options } = Cli::try_parse_from(arguments).unwrap();
            let options = match command {
                Some(Command::Serve(options)) => options,
                None => options,
            };
            assert!(options.memory);
            assert_eq!(options.aws_addr, "[::1]:0".parse().unwrap());
        }
        for (given, expected) in [("off", MongoAddr::Off), ("[::1]:0", MongoAddr::At("[::1]:0".parse().unwrap()))] {
            let parsed = Cli::try_parse_from(["millpond", "--mongo-addr", given]).unwrap();
            assert_eq!(parsed.options.mongo_addr, Some(expected));
        }
        let public =
            |url: &str| Cli::try_parse_from(["millpond", "--public-url", url]).map(|cli| cli.options.public_url);
        assert_eq!(public("https://events.example.com/").unwrap(), Some("https://events.example.com".to_owned()));
        for wrong in ["", "events.example.com", "ftp://a", "http://", "http:///a", "http://a/?b", "http://a b"] {
            assert!(public(wrong).is_err(), "{wrong}");
        }
        assert!(Cli::try_parse_from(["millpond", "--aws-addr", "nowhere"]).is_err());
        assert!(Cli::try_parse_from(["millpond", "juggle"]).is_err());
    }
}

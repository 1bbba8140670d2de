//! The `millpond` binary: the services of a [`Pond`](millpond::Pond) over the wire protocols that the AWS SDKs and
//! MongoDB's drivers speak.
//!
//! ```sh
//! millpond serve --data-dir ./millpond-data --aws-addr 127.0.0.1:4566 --mongo-addr 127.0.0.1:27017
//! ```
//!
//! [`serve`] opens the pond and listens, [`connection`] keeps one connection, [`http`] turns bytes into requests and answers into bytes, and [`aws`] finds the
//! service and the operation. An operation's file decodes, calls the service, and encodes; the services themselves
//! know nothing of it. [`mongo`] is the other face, with its own protocol. [`control`] is what only this server has.
//!
//! Signatures are not verified: whoever reaches the port of the AWS SDKs may do everything.

mod aws;
mod body;
mod buckets;
mod cli;
mod connection;
mod control;
mod http;
mod mongo;
mod serve;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli::Cli { command, options } = cli::Cli::parse();
    let options = match command {
        Some(cli::Command::Serve(options)) => options,
        None => options,
    };
    match serve::run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("millpond: {}", serve::chain(&error));
            ExitCode::FAILURE
        }
    }
}

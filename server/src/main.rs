//! `trailmap`: reads the command line and leaves the rest to `server::command`.

use clap::Parser;

fn main() -> std::process::ExitCode {
    server::command::main(server::config::Config::parse())
}

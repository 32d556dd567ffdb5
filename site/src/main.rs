//! The build step of the browser half: compiles `app` to wasm, binds it, joins the styles, gives every file a name that
//! carries its hash, compresses it, and writes `target/site` with a manifest that the server embeds.
//!
//! ```text
//! cargo run -p site -- [--wasm-profile wasm|dev] [--check-size BYTES]
//! ```
//!
//! Nothing is done when no input has changed. The folder is written beside the old one and swapped, so that a failed
//! build leaves the last good one in place.

mod compress;
mod output;
mod stamp;
mod style;
mod uncalled;
mod wasm;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use anyhow::{Context, Result, bail};

use output::Output;

/// What the command line asks for.
struct Settings {
    /// The cargo profile of the wasm build.
    wasm_profile: String,
    /// The most bytes that the wasm may have after brotli.
    check_size_bytes: Option<u64>,
}

/// Where things lie.
struct Folders {
    workspace: PathBuf,
    /// Cargo's target folder, where the wasm is built.
    target: PathBuf,
}

impl Folders {
    fn find() -> Result<Folders> {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let workspace = package.parent().context("the package lies in the workspace's folder")?.to_owned();
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => std::path::absolute(folder).context("CARGO_TARGET_DIR")?,
            None => workspace.join("target"),
        };
        Ok(Folders { workspace, target })
    }

    /// Where the server looks when it is compiled, wherever cargo's target folder is.
    fn site(&self) -> PathBuf {
        self.workspace.join("target/site")
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("site: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let settings = settings(std::env::args().skip(1))?;
    let folders = Folders::find()?;
    let stamp = stamp::of(&folders.workspace, &settings.wasm_profile)?;
    if stamp::is_current(&folders.site(), &stamp) {
        println!("site: up to date");
    } else {
        build(&settings, &folders, &stamp)?;
    }
    output::check_size(&folders.site(), settings.check_size_bytes)
}

fn settings(mut arguments: impl Iterator<Item = String>) -> Result<Settings> {
    let mut settings = Settings { wasm_profile: "wasm".to_owned(), check_size_bytes: None };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--wasm-profile" => settings.wasm_profile = value()?,
            "--check-size" => settings.check_size_bytes = Some(value()?.parse().context("--check-size takes bytes")?),
            _ => bail!("unknown argument {argument}; usage: site [--wasm-profile PROFILE] [--check-size BYTES]"),
        }
    }
    Ok(settings)
}

fn build(settings: &Settings, folders: &Folders, stamp: &str) -> Result<()> {
    let start = Instant::now();
    let effort = if settings.wasm_profile == "dev" { compress::Effort::Fast } else { compress::Effort::Best };
    let bound = wasm::build(&folders.workspace, &folders.target, &settings.wasm_profile)?;
    let css = style::join(&folders.workspace.join("style/main.css"))?;

    let mut output = Output::create(&folders.site(), effort)?;
    output.public(&folders.workspace.join("public"))?;
    output.browser_half(&bound, &css)?;
    let sizes = output.finish(stamp)?;
    print!("{sizes}");
    println!("site: built in {:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parse(line: &str) -> Result<Settings> {
        settings(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn arguments() {
        let given = parse("--wasm-profile dev --check-size 450000").unwrap();
        assert_eq!((given.wasm_profile.as_str(), given.check_size_bytes), ("dev", Some(450_000)));
        let default = parse("").unwrap();
        assert_eq!((default.wasm_profile.as_str(), default.check_size_bytes), ("wasm", None));
        assert!(parse("--check-size").is_err());
        assert!(parse("--check-size much").is_err());
        assert!(parse("--wasm").is_err());
    }
}

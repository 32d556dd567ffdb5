//! `app` compiled to wasm, and wasm-bindgen's JavaScript for it.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use wasm_bindgen_cli_support::Bindgen;

use crate::uncalled;

/// What the browser loads.
pub struct Bound {
    pub wasm: Vec<u8>,
    pub js: String,
    /// JavaScript that crates bring along: path below `./snippets/` in `js` -> text.
    pub snippets: BTreeMap<String, String>,
}

/// Compiles the library half of `app` with `hydrate` and binds it. Errors: what cargo says, shown as cargo shows it.
pub fn build(workspace: &Path, target: &Path, profile: &str) -> Result<Bound> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let status = Command::new(cargo)
        .args(["build", "--quiet", "--package", "app", "--lib", "--no-default-features", "--features", "hydrate"])
        .args(["--target", "wasm32-unknown-unknown", "--profile", profile])
        .current_dir(workspace)
        .stdin(Stdio::null())
        .status()
        .context("cargo cannot be started")?;
    ensure!(status.success(), "the wasm build failed ({status})");

    let folder = if profile == "dev" { "debug" } else { profile };
    let input = target.join("wasm32-unknown-unknown").join(folder).join("app.wasm");
    bind(&input).with_context(|| format!("wasm-bindgen on {}", input.display()))
}

fn bind(input: &Path) -> Result<Bound> {
    let mut output = Bindgen::new()
        .input_path(input)
        .out_name("app")
        .web(true)?
        .typescript(false)
        .omit_default_module_path(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate_output()?;
    let mut snippets: BTreeMap<String, String> =
        output.local_modules().iter().map(|(path, text)| (path.clone(), text.clone())).collect();
    for (folder, texts) in output.snippets() {
        for (at, text) in texts.iter().enumerate() {
            snippets.insert(format!("{folder}/inline{at}.js"), text.clone());
        }
    }
    let js = output.js().to_owned();
    ensure!(js.contains("export function hydrate("), "`app` exports no hydrate()");
    ensure!(
        output.npm_dependencies().is_empty(),
        "a crate asks for npm packages, which this build step does not bundle"
    );
    let module = output.wasm_mut();
    uncalled::remove(module)?;
    Ok(Bound { wasm: module.emit_wasm(), js, snippets })
}

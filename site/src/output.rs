//! The site's folder: `pkg/` with hashed names for what browsers keep for ever, public files under their own names, and
//! the manifest that tells the server which is which.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::{
    compress::{self, Effort, Sizes},
    stamp,
    wasm::Bound,
};

/// A folder in the making; `finish` puts it in the old one's place.
pub struct Output {
    site: PathBuf,
    folder: PathBuf,
    effort: Effort,
    manifest: serde_json::Map<String, serde_json::Value>,
    sizes: Vec<(String, Sizes)>,
}

impl Output {
    pub fn create(site: &Path, effort: Effort) -> Result<Output> {
        let folder = site.with_extension("new");
        remove(&folder)?;
        fs::create_dir_all(folder.join("pkg")).with_context(|| folder.display().to_string())?;
        Ok(Output { site: site.to_owned(), folder, effort, manifest: serde_json::Map::new(), sizes: Vec::new() })
    }

    /// Copies the public files: people and crawlers know them by name, so names stay.
    pub fn public(&mut self, public: &Path) -> Result<()> {
        if !public.exists() {
            return Ok(());
        }
        for file in stamp::files(public)? {
            let path = self.folder.join(file.strip_prefix(public)?);
            fs::create_dir_all(path.parent().unwrap_or(&self.folder))?;
            let bytes = fs::read(&file).with_context(|| file.display().to_string())?;
            compress::write(&path, &bytes, self.effort)?;
        }
        Ok(())
    }

    /// Wasm, JavaScript and styles. A name depends on the content and on the names of what the file loads, so that all
    /// of them may be kept for ever.
    pub fn browser_half(&mut self, bound: &Bound, css: &str) -> Result<()> {
        let js = self.snippets(bound)?;
        let wasm = self.hashed("wasm", "app", "wasm", &bound.wasm)?;
        let js = self.hashed("js", "app", "js", js.as_bytes())?;
        self.hashed("css", "app", "css", css.as_bytes())?;
        self.hashed("start", "start", "js", start_js(&js, &wasm).as_bytes())?;
        Ok(())
    }

    /// Writes the snippets into a folder that carries their hash, and returns the JavaScript that imports them there.
    fn snippets(&self, bound: &Bound) -> Result<String> {
        if bound.snippets.is_empty() {
            return Ok(bound.js.clone());
        }
        let mut hash = Sha256::new();
        for (path, text) in &bound.snippets {
            hash.update(path);
            hash.update([0]);
            hash.update(text);
            hash.update([0]);
        }
        let folder = format!("snippets-{}", &hex(&hash.finalize())[..12]);
        for (path, text) in &bound.snippets {
            let file = self.folder.join("pkg").join(&folder).join(path);
            fs::create_dir_all(file.parent().unwrap_or(&self.folder))?;
            compress::write(&file, text.as_bytes(), self.effort)?;
        }
        Ok(bound.js.replace("./snippets/", &format!("./{folder}/")))
    }

    /// Writes `pkg/stem.hash.extension`, notes it in the manifest under `key`, and returns the file's name.
    fn hashed(&mut self, key: &str, stem: &str, extension: &str, bytes: &[u8]) -> Result<String> {
        let name = format!("{stem}.{}.{extension}", &hex(&Sha256::digest(bytes))[..12]);
        let sizes = compress::write(&self.folder.join("pkg").join(&name), bytes, self.effort)?;
        self.manifest.insert(key.to_owned(), format!("/pkg/{name}").into());
        self.sizes.push((name.clone(), sizes));
        Ok(name)
    }

    /// Writes the manifest and puts the folder in the old one's place. Returns a table of sizes.
    pub fn finish(self, stamp: &str) -> Result<String> {
        let site = self.site.as_path();
        let manifest = serde_json::to_string_pretty(&self.manifest)? + "\n";
        fs::write(self.folder.join("manifest.json"), manifest)?;
        let old = site.with_extension("old");
        remove(&old)?;
        if site.exists() {
            fs::rename(site, &old)?;
        }
        fs::rename(&self.folder, site).with_context(|| site.display().to_string())?;
        fs::write(stamp::path(site), stamp)?;
        remove(&old)?;
        Ok(table(&self.sizes))
    }
}

/// Starts the browser half: no inline script, so that the page's policy needs no exception for it.
fn start_js(js: &str, wasm: &str) -> String {
    format!(
        "import init, {{ hydrate }} from \"./{js}\";\n\
         init({{ module_or_path: new URL(\"{wasm}\", import.meta.url) }}).then(() => hydrate());\n"
    )
}

/// Errors: the wasm that `site` holds is larger after brotli than `most_bytes`.
pub fn check_size(site: &Path, most_bytes: Option<u64>) -> Result<()> {
    let Some(most_bytes) = most_bytes else { return Ok(()) };
    let manifest: serde_json::Value = serde_json::from_slice(&fs::read(site.join("manifest.json"))?)?;
    let wasm = manifest["wasm"].as_str().context("the manifest names no wasm")?;
    let path = site.join(format!("{}.br", wasm.trim_start_matches('/')));
    let bytes = fs::metadata(&path).with_context(|| path.display().to_string())?.len();
    if bytes > most_bytes {
        bail!("the wasm has {bytes} bytes after brotli, more than the {most_bytes} that it may have");
    }
    println!("site: wasm within its budget ({bytes} of {most_bytes} bytes after brotli)");
    Ok(())
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn table(sizes: &[(String, Sizes)]) -> String {
    let mut text = format!("{:<28}{:>10}{:>10}{:>10}\n", "bytes", "raw", "gzip", "brotli");
    for (name, size) in sizes {
        let _ = writeln!(text, "{name:<28}{:>10}{:>10}{:>10}", size.raw_bytes, size.gzip_bytes, size.brotli_bytes);
    }
    text
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| folder.display().to_string())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn bound(wasm: &str) -> Bound {
        Bound {
            wasm: wasm.as_bytes().to_vec(),
            js: "import { x } from './snippets/dep-1/inline0.js';\nexport function hydrate() {}".to_owned(),
            snippets: [("dep-1/inline0.js".to_owned(), "export const x = 1;".to_owned())].into(),
        }
    }

    fn write(target: &Path, wasm: &str, css: &str) -> serde_json::Value {
        let mut output = Output::create(&target.join("site"), Effort::Fast).unwrap();
        output.browser_half(&bound(wasm), css).unwrap();
        output.finish("stamp").unwrap();
        serde_json::from_slice(&fs::read(target.join("site/manifest.json")).unwrap()).unwrap()
    }

    #[test]
    fn the_manifest_names_files_that_load_each_other() {
        let target = tempfile::tempdir().unwrap();
        let manifest = write(target.path(), "one", "a{}");
        let site = target.path().join("site");
        let read = |key: &str| fs::read_to_string(site.join(&manifest[key].as_str().unwrap()[1..])).unwrap();
        let name = |key: &str| manifest[key].as_str().unwrap().rsplit_once('/').unwrap().1.to_owned();
        assert_eq!(read("wasm"), "one");
        assert_eq!(read("css"), "a{}");
        assert!(read("start").contains(&name("js")) && read("start").contains(&name("wasm")));
        let js = read("js");
        let path = js.split('\'').nth(1).unwrap().trim_start_matches("./");
        assert_eq!(fs::read_to_string(site.join("pkg").join(path)).unwrap(), "export const x = 1;");
    }

    #[test]
    fn other_wasm_means_another_start_and_no_stale_file() {
        let target = tempfile::tempdir().unwrap();
        let first = write(target.path(), "one", "a{}");
        let second = write(target.path(), "two", "a{}");
        assert_ne!(first["wasm"], second["wasm"]);
        assert_ne!(first["start"], second["start"]);
        assert_eq!(first["css"], second["css"]);
        assert!(!target.path().join("site").join(&first["wasm"].as_str().unwrap()[1..]).exists());
        assert!(!target.path().join("site.old").exists() && !target.path().join("site.new").exists());
    }

    #[test]
    fn size_budget() {
        let target = tempfile::tempdir().unwrap();
        write(target.path(), "some wasm", "");
        let site = target.path().join("site");
        assert!(check_size(&site, None).is_ok() && check_size(&site, Some(10_000)).is_ok());
        assert!(check_size(&site, Some(3)).unwrap_err().to_string().contains("more than the 3"));
    }

    #[test]
    fn public_files_keep_their_names() {
        let target = tempfile::tempdir().unwrap();
        let public = target.path().join("public");
        fs::create_dir_all(public.join("fonts")).unwrap();
        fs::write(public.join("robots.txt"), "User-agent: *").unwrap();
        fs::write(public.join("fonts/a.woff2"), "font").unwrap();
        let site = target.path().join("site");
        let mut output = Output::create(&site, Effort::Fast).unwrap();
        output.public(&public).unwrap();
        output.browser_half(&bound(""), "").unwrap();
        output.finish("").unwrap();
        assert!(site.join("robots.txt.br").exists() && site.join("fonts/a.woff2").exists());
        assert!(!site.join("fonts/a.woff2.br").exists());
    }
}

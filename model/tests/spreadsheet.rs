//! CSV, opened by LibreOffice where there is one: whatever an event says, no cell is a formula.

#![allow(clippy::unwrap_used)]

use std::{fs, path::Path, process::Command};

use model::{
    export,
    field::Kind,
    series::{Cell, Column},
};

/// Commas, semicolons and tabs: what LibreOffice is told that ends a cell.
const SEPARATORS: [u8; 3] = [44, 59, 9];

/// The file as LibreOffice has it, in XML; `None`: there is no LibreOffice.
fn opened(folder: &Path, csv: &str, separator: u8) -> Option<String> {
    let file = folder.join("cells.csv");
    fs::write(&file, csv).unwrap();
    let office = Command::new("soffice")
        .arg(format!("-env:UserInstallation=file://{}", folder.join("profile").display()))
        // Texts in double quotes, UTF-8, from the first line on.
        .args(["--headless", &format!("--infilter=CSV:{separator},34,76,1"), "--convert-to", "fods", "--outdir"])
        .args([folder, &file])
        .output()
        .ok()?;
    assert!(office.status.success(), "{}", String::from_utf8_lossy(&office.stderr));
    Some(fs::read_to_string(folder.join("cells.fods")).unwrap())
}

/// The payloads of the browser tests.
fn payloads() -> Vec<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../e2e/fixtures/payloads.txt");
    let text = fs::read_to_string(file).unwrap();
    // A half of a character is none here.
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[test]
fn no_cell_is_a_formula() {
    let folder = std::env::temp_dir().join(format!("trailmap-spreadsheet-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let Some(control) = opened(&folder, "a,=1+1\r\n", SEPARATORS[0]) else {
        eprintln!("left out: there is no soffice here");
        return;
    };
    assert!(control.contains("table:formula"), "what is one is found: {control}");
    let columns = ["a", "b", "c"].map(|key| Column { key: key.to_owned(), kind: Kind::Text, label: key.to_owned() });
    let mut csv = export::csv_head(&columns);
    let payloads = payloads();
    assert!(payloads.len() > 300);
    let cells = |text: &str| [text.to_owned(), format!("x;{text}"), format!("x\n\"{text}\"\t{text}")].map(Cell::Text);
    payloads.iter().for_each(|payload| export::push_csv_row(&mut csv, &cells(payload)));
    for separator in SEPARATORS {
        let file = opened(&folder, &csv, separator).unwrap();
        let found: Vec<_> =
            file.match_indices("table:formula").map(|(at, _)| &file[at..(at + 80).min(file.len())]).collect();
        assert!(found.is_empty(), "{separator}: {found:?}");
        assert!(file.contains("HYPERLINK"), "the formulas are there, as texts");
    }
    fs::remove_dir_all(folder).unwrap();
}

//! Filters, one a line, as their syntax trees in JSON, one a line: for programs that ask another database the same.

use std::io::{self, BufRead};

fn main() -> io::Result<()> {
    for line in io::stdin().lock().lines() {
        let line = line?;
        let ast = model::filter::parse(&line).map_err(|error| io::Error::other(format!("{line}: {error}")))?;
        println!("{}", serde_json::to_string(&ast)?);
    }
    Ok(())
}

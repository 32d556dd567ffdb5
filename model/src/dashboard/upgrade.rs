//! Dashboards of older versions, brought to the version that this program writes: one step a version, over the file's
//! JSON, so that the types know the newest version alone.

use serde_json::{Map, Value};

/// The version of the files that this program writes.
pub const VERSION: u32 = 1;

/// The dashboard in the newest version. Errors: it is no object, or newer than this program.
pub(super) fn upgrade(mut dashboard: Value) -> Result<Value, String> {
    let object = dashboard.as_object_mut().ok_or("A dashboard is a JSON object.")?;
    let version = match object.get("version") {
        None => 0,
        Some(version) => version.as_u64().ok_or("version is a whole number.")?,
    };
    if version > u64::from(VERSION) {
        return Err(format!("This dashboard is of version {version}; this Trailmap reads versions up to {VERSION}."));
    }
    if version == 0 {
        buckets(object);
    }
    object.insert("version".to_owned(), VERSION.into());
    Ok(dashboard)
}

/// 0 to 1: `"over_time": true` became `"bucket": "auto"`.
fn buckets(dashboard: &mut Map<String, Value>) {
    let Some(Value::Array(tiles)) = dashboard.get_mut("tiles") else { return };
    for panel in tiles.iter_mut().filter_map(|tile| tile.get_mut("panel")?.as_object_mut()) {
        bucket(panel);
        if let Some(Value::Array(details)) = panel.get_mut("details") {
            details.iter_mut().filter_map(Value::as_object_mut).for_each(bucket);
        }
    }
}

fn bucket(table: &mut Map<String, Value>) {
    if table.remove("over_time") == Some(Value::Bool(true)) {
        table.insert("bucket".to_owned(), "auto".into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::Dashboard;

    const FIXTURES: [&str; 2] = [include_str!("upgrade/0.json"), include_str!("upgrade/1.json")];

    #[test]
    fn every_version_is_read_as_the_newest() {
        assert_eq!(FIXTURES.len(), VERSION as usize + 1, "each version has a fixture");
        let newest: Value = serde_json::from_str(FIXTURES[VERSION as usize]).expect("JSON");
        for text in FIXTURES {
            assert_eq!(upgrade(serde_json::from_str(text).expect("JSON")).as_ref(), Ok(&newest));
            assert_eq!(Dashboard::from_json(text).expect("valid").version, VERSION);
        }
    }

    #[test]
    fn a_newer_version_is_refused_and_not_guessed_at() {
        let error = Dashboard::from_json(r#"{"version": 99, "id": "x"}"#).expect_err("newer");
        assert_eq!(error.message, "This dashboard is of version 99; this Trailmap reads versions up to 1.");
        for text in ["[]", r#"{"version": "1"}"#, r#"{"version": -1}"#] {
            assert!(Dashboard::from_json(text).is_err(), "{text}");
        }
    }
}

//! Tests of `server::ingest::enrich`: databases of both schemas, and the places of stored events.

use std::{collections::BTreeMap, net::IpAddr, path::PathBuf};

use serde_json::json;
use server::ingest::{
    self, Input, Silent,
    enrich::{self, GeoIp, Place},
};

use crate::{
    ingest::fixture::{event, with, write},
    support::{database, shared_data},
};

/// A value of a database record.
enum Value {
    Text(&'static str),
    Double(f64),
    Float(f32),
    Short(u16),
    Number(u32),
    Long(u64),
    Map(Vec<(&'static str, Value)>),
}

/// Encodes a value; lengths here are below 285.
fn encode(out: &mut Vec<u8>, value: &Value) {
    let mut head = |kind: u8, length: usize| {
        let (size, more) = if length < 29 { (length as u8, None) } else { (29, Some((length - 29) as u8)) };
        if kind > 7 {
            out.extend([size, kind - 7]);
        } else {
            out.push(kind << 5 | size);
        }
        out.extend(more);
    };
    match value {
        Value::Text(text) => {
            head(2, text.len());
            out.extend(text.as_bytes());
        }
        Value::Double(number) => {
            head(3, 8);
            out.extend(number.to_be_bytes());
        }
        Value::Short(number) => {
            head(5, 2);
            out.extend(number.to_be_bytes());
        }
        Value::Long(number) => {
            head(9, 8);
            out.extend(number.to_be_bytes());
        }
        Value::Number(number) => {
            head(6, 4);
            out.extend(number.to_be_bytes());
        }
        Value::Float(number) => {
            head(15, 4);
            out.extend(number.to_be_bytes());
        }
        Value::Map(entries) => {
            head(7, entries.len());
            for (key, value) in entries {
                encode(out, &Value::Text(key));
                encode(out, value);
            }
        }
    }
}

/// A database with one record for one network: `prefix` bits of `network`.
fn mmdb(kind: &'static str, network: IpAddr, prefix: u32, record: Value) -> Vec<u8> {
    let (bytes, version) = match network {
        IpAddr::V4(v4) => (v4.octets().to_vec(), 4),
        IpAddr::V6(v6) => (v6.octets().to_vec(), 6),
    };
    let mut file = Vec::new();
    // A chain of nodes, one a bit: one side goes on, the other is empty (the number of nodes).
    for bit in 0..prefix {
        let next = if bit + 1 == prefix { prefix + 16 } else { bit + 1 };
        let one = bytes[bit as usize / 8] >> (7 - bit % 8) & 1 == 1;
        let (left, right) = if one { (prefix, next) } else { (next, prefix) };
        file.extend(&left.to_be_bytes()[1..]);
        file.extend(&right.to_be_bytes()[1..]);
    }
    file.extend([0; 16]);
    encode(&mut file, &record);
    file.extend(b"\xab\xcd\xefMaxMind.com");
    let metadata = vec![
        ("binary_format_major_version", Value::Short(2)),
        ("binary_format_minor_version", Value::Short(0)),
        ("build_epoch", Value::Long(1_700_000_000)),
        ("database_type", Value::Text(kind)),
        ("description", Value::Map(vec![])),
        ("ip_version", Value::Short(version)),
        ("node_count", Value::Number(prefix)),
        ("record_size", Value::Short(24)),
    ];
    let mut map = Vec::new();
    encode(&mut map, &Value::Map(metadata));
    // `languages`, an empty array, is the last entry.
    map[0] += 1;
    encode(&mut map, &Value::Text("languages"));
    map.extend([0, 4]);
    file.extend(map);
    file
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn city(name: &'static str, code: &'static str) -> Value {
    Value::Map(vec![
        ("city", Value::Text(name)),
        ("country_code", Value::Text(code)),
        ("latitude", Value::Float(48.5)),
        ("longitude", Value::Float(-2.25)),
        ("state1", Value::Text("S")),
        ("timezone", Value::Text("Europe/Paris")),
    ])
}

fn place(city: &str, country: &str) -> Place {
    Place {
        country: Some(country.into()),
        city: Some(city.into()),
        latitude: Some(48.5),
        longitude: Some(-2.25),
        time_zone: Some("Europe/Paris".into()),
        ..Place::default()
    }
}

/// City files for IPv4 and IPv6 and one of networks, in the flat schema.
fn flat(folder: &std::path::Path) -> Vec<PathBuf> {
    let network = Value::Map(vec![
        ("autonomous_system_number", Value::Number(64_500)),
        ("autonomous_system_organization", Value::Text("Example Net")),
    ]);
    vec![
        write(folder, "dbip-city-ipv4.mmdb", mmdb("city ipv4", ip("89.160.20.0"), 24, city("Rennes", "FR"))),
        write(folder, "dbip-city-ipv6.mmdb", mmdb("city ipv6", ip("2a02:ff00::"), 32, city("Brest", "FR"))),
        write(folder, "asn-ipv4.mmdb", mmdb("asn ipv4", ip("89.160.0.0"), 16, network)),
    ]
}

#[test]
fn the_flat_schema_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let geoip = GeoIp::open(&flat(folder.path())).unwrap();
    let with_network = |place| Place { as_number: Some(64_500), as_organisation: Some("Example Net".into()), ..place };
    assert_eq!(geoip.place(ip("89.160.20.9")), with_network(place("Rennes", "FR")));
    assert_eq!(geoip.place(ip("::ffff:89.160.20.9")), with_network(place("Rennes", "FR")));
    assert_eq!(geoip.place(ip("89.160.99.9")), with_network(Place::default()));
    assert_eq!(geoip.place(ip("2a02:ff00::5")), place("Brest", "FR"));
    assert_eq!(geoip.place(ip("90.0.0.1")), Place::default());
    let attributions = geoip.attributions();
    assert_eq!(attributions.len(), 1);
    assert_eq!(
        (attributions[0].label.as_str(), attributions[0].url.as_str()),
        ("IP geolocation by DB-IP", "https://db-ip.com")
    );
    // A folder stands for its files.
    let again = GeoIp::open(&[folder.path().to_owned()]).unwrap();
    assert_eq!(again.place(ip("89.160.20.9")), geoip.place(ip("89.160.20.9")));
}

#[test]
fn the_nested_schema_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let names =
        |name| Value::Map(vec![("names", Value::Map(vec![("de", Value::Text("?")), ("en", Value::Text(name))]))]);
    let record = Value::Map(vec![
        ("city", names("Linköping")),
        ("country", Value::Map(vec![("iso_code", Value::Text("SE"))])),
        (
            "location",
            Value::Map(vec![
                ("latitude", Value::Double(58.4167)),
                ("longitude", Value::Double(15.6167)),
                ("time_zone", Value::Text("Europe/Stockholm")),
            ]),
        ),
    ]);
    let path = write(folder.path(), "x.mmdb", mmdb("GeoLite2-City", ip("89.160.20.112"), 28, record));
    let country = Value::Map(vec![("country", Value::Map(vec![("iso_code", Value::Text("NO"))]))]);
    let other = write(folder.path(), "y.mmdb", mmdb("GeoLite2-Country", ip("89.160.0.0"), 16, country));
    // The one with the city is preferred, wherever it stands.
    let geoip = GeoIp::open(&[other, path]).unwrap();
    let got = geoip.place(ip("89.160.20.120"));
    assert_eq!(
        (got.country.as_deref(), got.city.as_deref(), got.latitude),
        (Some("SE"), Some("Linköping"), Some(58.4167))
    );
    assert_eq!(geoip.place(ip("89.160.1.1")).country.as_deref(), Some("NO"));
    assert_eq!(geoip.attributions().len(), 1);
    assert_eq!(geoip.attributions()[0].url, "https://www.maxmind.com");
}

#[test]
fn addresses_without_a_place_are_not_looked_up() {
    let folder = tempfile::tempdir().unwrap();
    // Databases that answer for every address.
    let everywhere = |left| {
        write(folder.path(), left, mmdb("x", ip(if left == "4.mmdb" { "0.0.0.0" } else { "::" }), 1, city("X", "XX")))
    };
    let geoip = GeoIp::open(&[everywhere("4.mmdb"), everywhere("6.mmdb")]).unwrap();
    assert_eq!(geoip.place(ip("8.8.8.8")).country.as_deref(), Some("XX"));
    assert_eq!(geoip.place(ip("2a02::1")).country.as_deref(), Some("XX"));
    for text in [
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "127.0.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "192.0.2.1",
        "198.18.0.1",
        "203.0.113.9",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fd00:ec2::254",
        "2001:db8::1",
        "ff02::1",
        "::ffff:10.0.0.1",
    ] {
        assert_eq!(geoip.place(ip(text)), Place::default(), "{text}");
    }
}

#[test]
fn a_file_that_is_no_database_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = |path: PathBuf| format!("{:#}", GeoIp::open(&[path]).err().unwrap());
    let bad = write(folder.path(), "bad.mmdb", b"nothing");
    assert!(error(bad.clone()).contains("bad.mmdb"), "{}", error(bad));
    assert!(error("/no/such.mmdb".into()).contains("/no/such.mmdb"));
    let empty = tempfile::tempdir().unwrap();
    assert!(error(empty.path().to_owned()).contains("holds no .mmdb file"));
    let record = Value::Map(vec![("country_code", Value::Number(5)), ("city", Value::Double(1.0))]);
    let odd = write(folder.path(), "odd.mmdb", mmdb("x", ip("89.0.0.0"), 8, record));
    assert_eq!(GeoIp::open(&[odd]).unwrap().place(ip("89.1.1.1")), Place::default());
}

#[tokio::test]
async fn events_get_their_places_and_get_them_anew() {
    let (pool, folder) = (database().await, tempfile::tempdir().unwrap());
    let from = |number, address: &str| with(event(number), json!({"sourceIPAddress": address}));
    let events = [
        from(1, "89.160.20.9"),
        from(2, "89.160.20.9"),
        from(3, "2a02:ff00::5"),
        from(4, "10.0.0.1"),
        from(5, "AWS Internal"),
        from(6, "90.0.0.1"),
    ];
    let path = write(folder.path(), "data/a.json", json!(events).to_string());
    let geoip = GeoIp::open(&flat(&folder.path().join("geoip"))).unwrap();
    let inputs = vec![Input::Path(path)];
    ingest::run(&pool, &geoip, &Default::default(), inputs, &Silent).await.unwrap();
    type Place = (Option<String>, Option<String>, Option<f64>, Option<i64>);
    let stored = async || -> Vec<Place> {
        sqlx::query_as("select country, city, latitude, as_number from event order by event_id")
            .fetch_all(&pool)
            .await
            .unwrap()
    };
    let rennes = (Some("FR".to_owned()), Some("Rennes".to_owned()), Some(48.5), Some(64_500));
    let brest = (Some("FR".to_owned()), Some("Brest".to_owned()), Some(48.5), None);
    let none = (None, None, None, None);
    let expected = [rennes.clone(), rennes, brest.clone(), none.clone(), none.clone(), none.clone()];
    assert_eq!(stored().await, expected);
    // The same databases change nothing; others change exactly what they know otherwise.
    assert_eq!(enrich::refresh(&pool, &geoip).await.unwrap(), 0);
    let other = folder.path().join("other");
    let moved = write(&other, "a.mmdb", mmdb("x", ip("89.160.20.0"), 24, city("Nantes", "FR")));
    let six = write(&other, "b.mmdb", mmdb("x", ip("2a02:ff00::"), 32, city("Brest", "FR")));
    let geoip = GeoIp::open(&[moved, six]).unwrap();
    assert_eq!(enrich::refresh(&pool, &geoip).await.unwrap(), 1);
    let nantes = (Some("FR".to_owned()), Some("Nantes".to_owned()), Some(48.5), None);
    assert_eq!(stored().await, [nantes.clone(), nantes, brest, none.clone(), none.clone(), none]);
    assert_eq!(enrich::refresh(&pool, &GeoIp::default()).await.unwrap(), 2);
}

#[test]
fn known_answers_of_the_test_databases() {
    let Some(data) = shared_data() else { return };
    let folder = data.join("geoip/maxmind-test-data");
    let open = |names: &[&str]| GeoIp::open(&names.iter().map(|name| folder.join(name)).collect::<Vec<_>>()).unwrap();
    let geoip = open(&["GeoLite2-ASN-Test.mmdb", "GeoLite2-Country-Test.mmdb", "GeoLite2-City-Test.mmdb"]);
    let expected = BTreeMap::from([
        ("89.160.20.156", ("SE", "Linköping", Some(29_518))),
        ("81.2.69.144", ("GB", "London", None)),
        ("216.160.83.56", ("US", "Milton", Some(209))),
        ("2.125.160.216", ("GB", "Boxford", None)),
        ("175.16.199.0", ("CN", "Changchun", None)),
    ]);
    for (address, (country, city, network)) in expected {
        let got = geoip.place(ip(address));
        assert_eq!((got.country.as_deref(), got.city.as_deref()), (Some(country), Some(city)), "{address}");
        assert!(got.latitude.is_some() && got.time_zone.is_some());
        assert!(network.is_none() || got.as_number == network, "{address} {got:?}");
    }
    assert_eq!(geoip.attributions().len(), 1);
    let enterprise = open(&["GeoIP2-Enterprise-Test.mmdb"]).place(ip("74.209.24.0"));
    assert_eq!((enterprise.country.as_deref(), enterprise.as_number), (Some("US"), Some(14_671)));
    assert_eq!(open(&["GeoIP2-Country-Test.mmdb"]).place(ip("81.2.69.160")).country.as_deref(), Some("GB"));
    // Broken ones give an error with their name, or no place; never a panic.
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        match GeoIp::open(std::slice::from_ref(&path)) {
            Err(error) => assert!(format!("{error:#}").contains(&*path.file_name().unwrap().to_string_lossy())),
            Ok(geoip) => {
                for address in ["81.2.69.144", "1.1.1.1", "2001:218::1", "2.125.160.216", "255.1.1.1"] {
                    geoip.place(ip(address));
                }
            }
        }
    }
}

/// The package that `make run` fetches, where `TRAILMAP_TEST_GEOIP` names its folder.
#[test]
fn the_flat_package_knows_cities() {
    let Some(folder) = std::env::var_os("TRAILMAP_TEST_GEOIP") else { return };
    let geoip = GeoIp::open(&[PathBuf::from(folder)]).unwrap();
    for address in ["89.160.20.156", "8.8.8.8", "2001:4860:4860::8888"] {
        let got = geoip.place(ip(address));
        assert!(
            got.country.is_some() && got.city.is_some() && got.latitude.is_some() && got.longitude.is_some(),
            "{address} {got:?}"
        );
    }
    assert_eq!(geoip.attributions()[0].label, "IP geolocation by DB-IP");
}

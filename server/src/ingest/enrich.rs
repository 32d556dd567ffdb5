//! Places and networks of source addresses, from any number of .mmdb files.

use std::{
    collections::HashMap,
    net::IpAddr,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::Context;
use app::api::Attribution;
use maxminddb::Reader;
use serde::Deserialize;
use sqlx::PgPool;

use crate::store;

/// Addresses whose places are remembered; the memory is emptied when it is full.
const CACHE: usize = 100_000;
/// Addresses that `refresh` does in one statement.
const BATCH: i64 = 2_000;

/// What the databases know of an address; all empty for private, reserved and unknown ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    pub country: Option<String>,
    pub city: Option<String>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub time_zone: Option<String>,
    pub as_number: Option<i64>,
    pub as_organisation: Option<String>,
}

/// The opened databases; cheap to clone.
#[derive(Clone, Default)]
pub struct GeoIp {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    databases: Vec<Database>,
    cache: Mutex<HashMap<IpAddr, Place>>,
}

struct Database {
    path: PathBuf,
    reader: Reader<Vec<u8>>,
    /// A broken record is told once, not for every event.
    told: AtomicBool,
}

impl GeoIp {
    /// Opens every file; a folder stands for the .mmdb files in it. Errors name the file and what is wrong with it.
    pub fn open(paths: &[PathBuf]) -> anyhow::Result<GeoIp> {
        let mut databases = Vec::new();
        for path in files(paths)? {
            let reader = Reader::open_readfile(&path).with_context(|| format!("GeoIP database {}", path.display()))?;
            databases.push(Database { path, reader, told: AtomicBool::new(false) });
        }
        Ok(GeoIp { inner: Arc::new(Inner { databases, cache: Mutex::default() }) })
    }

    /// The place of an address. What one database lacks, the next ones fill; a city is preferred to a country alone.
    pub fn place(&self, address: IpAddr) -> Place {
        let address = address.to_canonical();
        if self.inner.databases.is_empty() || !is_public(address) {
            return Place::default();
        }
        let cache = || self.inner.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = cache().get(&address) {
            return place.clone();
        }
        let place = self.look_up(address);
        let mut cache = cache();
        if cache.len() >= CACHE {
            cache.clear();
        }
        cache.insert(address, place.clone());
        place
    }

    fn look_up(&self, address: IpAddr) -> Place {
        let mut place = Place::default();
        for found in self.inner.databases.iter().filter_map(|database| database.look_up(address)) {
            let better = place.country.is_none() || place.latitude.is_none() && found.latitude.is_some();
            if found.country.is_some() && better {
                place = Place { as_number: place.as_number, as_organisation: place.as_organisation, ..found.clone() };
            }
            if place.as_number.is_none() && found.as_number.is_some() {
                (place.as_number, place.as_organisation) = (found.as_number, found.as_organisation);
            }
        }
        place
    }

    /// Label and link that the databases' licences ask for, without duplicates.
    pub fn attributions(&self) -> Vec<Attribution> {
        let mut all = Vec::new();
        for attribution in self.inner.databases.iter().filter_map(Database::attribution) {
            if !all.contains(&attribution) {
                all.push(attribution);
            }
        }
        all
    }
}

/// Gives every stored source address the place that `geoip` knows; returns how many changed.
pub async fn refresh(pool: &PgPool, geoip: &GeoIp) -> anyhow::Result<u64> {
    let (mut after, mut changed) = (None, 0);
    loop {
        let addresses = store::event::source_ips(pool, after, BATCH).await?;
        let Some(last) = addresses.last() else { break };
        after = Some(*last);
        let places: Vec<_> = addresses.iter().map(|address| (*address, geoip.place(*address))).collect();
        changed += store::event::update_places(pool, &places).await?;
    }
    store::change::add(&mut *pool.acquire().await?).await?;
    Ok(changed)
}

fn files(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let context = || format!("GeoIP folder {}", path.display());
        let mut inside: Vec<PathBuf> = Vec::new();
        for entry in path.read_dir().with_context(context)? {
            let file = entry.with_context(context)?.path();
            inside.extend(file.extension().is_some_and(|extension| extension == "mmdb").then_some(file));
        }
        anyhow::ensure!(!inside.is_empty(), "GeoIP folder {} holds no .mmdb file", path.display());
        inside.sort();
        files.extend(inside);
    }
    Ok(files)
}

impl Database {
    fn look_up(&self, address: IpAddr) -> Option<Place> {
        if address.is_ipv6() && self.reader.metadata().ip_version == 4 {
            return None;
        }
        let entry = self.reader.lookup(address).and_then(|found| found.decode::<Entry>());
        match entry {
            Ok(entry) => entry.map(Entry::place),
            Err(error) => {
                if !self.told.swap(true, Ordering::Relaxed) {
                    tracing::warn!(database = %self.path.display(), %address, %error, "broken record in a GeoIP database");
                }
                None
            }
        }
    }

    /// By what the file says of itself, and by its name where it says nothing.
    fn attribution(&self) -> Option<Attribution> {
        let metadata = self.reader.metadata();
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let mut about = format!("{name} {}", metadata.database_type);
        metadata.description.values().for_each(|text| about.push_str(text));
        let about = about.to_lowercase();
        let (label, url) = if about.contains("dbip") || about.contains("db-ip") {
            ("IP geolocation by DB-IP", "https://db-ip.com")
        } else if about.contains("geolite2") {
            ("This product includes GeoLite2 data created by MaxMind", "https://www.maxmind.com")
        } else if about.contains("ip2location") {
            ("This product uses IP2Location LITE data", "https://lite.ip2location.com")
        } else {
            return None;
        };
        Some(Attribution { label: label.to_owned(), url: url.to_owned() })
    }
}

/// A record of either schema: MaxMind's nested one, or the flat one.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    country: Option<Named>,
    city: Option<Named>,
    location: Option<Location>,
    traits: Option<Network>,
    country_code: Option<String>,
    latitude: Option<Number>,
    longitude: Option<Number>,
    timezone: Option<String>,
    #[serde(flatten)]
    network: Network,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Named {
    Text(String),
    Names {
        iso_code: Option<String>,
        #[serde(default)]
        names: HashMap<String, String>,
    },
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Location {
    latitude: Option<f64>,
    longitude: Option<f64>,
    time_zone: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Network {
    autonomous_system_number: Option<i64>,
    autonomous_system_organization: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Float(f64),
    Text(String),
}

impl Number {
    fn float(&self) -> Option<f64> {
        match self {
            Number::Float(number) => Some(*number),
            Number::Text(text) => text.parse().ok(),
        }
    }
}

impl Entry {
    fn place(self) -> Place {
        let location = self.location.unwrap_or_default();
        let network = match self.traits {
            Some(traits) if traits.autonomous_system_number.is_some() => traits,
            _ => self.network,
        };
        let text = |text: Option<String>| text.filter(|text| !text.is_empty());
        let country = match self.country {
            Some(Named::Names { iso_code, .. }) => iso_code,
            Some(Named::Text(code)) if code.len() == 2 => Some(code),
            _ => None,
        };
        let city = match self.city {
            Some(Named::Names { mut names, .. }) => names.remove("en"),
            Some(Named::Text(city)) => Some(city),
            None => None,
        };
        Place {
            country: text(self.country_code.or(country)),
            city: text(city),
            latitude: location.latitude.or(self.latitude.and_then(|number| number.float())),
            longitude: location.longitude.or(self.longitude.and_then(|number| number.float())),
            time_zone: text(location.time_zone.or(self.timezone)),
            as_number: network.autonomous_system_number,
            as_organisation: text(network.autonomous_system_organization),
        }
    }
}

/// Whether an address can be found on the map: not private, local, shared, for documentation or otherwise reserved.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            let reserved = v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_documentation()
                || v4.is_multicast()
                || a == 0
                || a >= 240
                || a == 100 && b & 0xc0 == 64
                || a == 198 && b & 0xfe == 18
                || (a, b, c) == (192, 0, 0);
            !reserved
        }
        IpAddr::V6(v6) => {
            let [a, b, ..] = v6.segments();
            // Global unicast is 2000::/3; 2001:db8::/32 in it is for documentation.
            a & 0xe000 == 0x2000 && (a, b) != (0x2001, 0x0db8)
        }
    }
}

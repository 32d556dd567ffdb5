//! The people of the sample: where they live and work, and how they get into AWS.
//!
//! Networks are public ones of internet providers in these cities, written as the first three numbers of a /24, so
//! that a GeoIP database finds the place; who really uses an address in them is not meant.

/// A place that people sign in from.
pub struct City {
    pub name: &'static str,
    /// Hours east of UTC (standard time).
    pub utc_offset: i64,
    pub networks: &'static [&'static str],
}

/// How a person gets into AWS.
pub enum Access {
    /// Identity Center, with this permission set.
    Sso(&'static str),
    /// An IAM user with a password and an access key.
    User,
}

pub struct Person {
    pub name: &'static str,
    /// The index of a profile of what they do: see `data/profiles.json`.
    pub profile: &'static str,
    /// A key of `CITIES`.
    pub city: &'static str,
    pub access: Access,
    pub mfa: bool,
    /// How much they do, beside the others.
    pub weight: f64,
}

const fn sso(name: &'static str, profile: &'static str, city: &'static str, set: &'static str, weight: f64) -> Person {
    Person { name, profile, city, access: Access::Sso(set), mfa: true, weight }
}

const fn user(name: &'static str, profile: &'static str, city: &'static str, mfa: bool, weight: f64) -> Person {
    Person { name, profile, city, access: Access::User, mfa, weight }
}

pub const PEOPLE: [Person; 27] = [
    sso("anna.becker", "operator", "Berlin", "AdministratorAccess", 1.6),
    sso("jonas.vogt", "developer", "Berlin", "PowerUserAccess", 1.2),
    sso("mira.keller", "security", "Berlin", "SecurityAudit", 1.4),
    user("tomas.novak", "operator", "Berlin", false, 0.7),
    sso("felix.brandt", "developer", "Hamburg", "PowerUserAccess", 0.9),
    sso("grace.okafor", "developer", "London", "PowerUserAccess", 1.0),
    user("oliver.hughes", "developer", "London", true, 0.8),
    sso("camille.laurent", "analyst", "Paris", "DataAnalyst", 1.0),
    user("lucia.serrano", "developer", "Madrid", true, 0.8),
    user("joao.almeida", "developer", "Lisbon", true, 0.7),
    user("giulia.conti", "analyst", "Milan", false, 0.6),
    sso("ewa.zielinska", "operator", "Warsaw", "AdministratorAccess", 1.1),
    sso("lars.holm", "developer", "Stockholm", "PowerUserAccess", 0.8),
    sso("sanne.devries", "security", "Amsterdam", "SecurityAudit", 0.8),
    sso("noa.peretz", "security", "Tel Aviv", "SecurityAudit", 0.7),
    sso("maya.johnson", "operator", "New York", "AdministratorAccess", 1.3),
    sso("daniel.reyes", "developer", "New York", "PowerUserAccess", 1.1),
    user("kevin.walsh", "developer", "Boston", true, 0.8),
    sso("priya.raman", "developer", "Seattle", "PowerUserAccess", 1.0),
    sso("emily.tran", "finance", "Toronto", "Billing", 0.5),
    user("diego.castillo", "developer", "Mexico City", true, 0.6),
    sso("beatriz.lima", "operator", "São Paulo", "AdministratorAccess", 1.0),
    user("martin.acosta", "developer", "Buenos Aires", false, 0.5),
    sso("arjun.mehta", "developer", "Bengaluru", "PowerUserAccess", 1.3),
    sso("wei.lim", "operator", "Singapore", "AdministratorAccess", 1.0),
    user("haruto.sato", "developer", "Tokyo", true, 0.9),
    sso("chloe.nguyen", "analyst", "Sydney", "DataAnalyst", 0.6),
];

pub const CITIES: [City; 24] = [
    City { name: "Berlin", utc_offset: 1, networks: &["91.32.107", "79.213.164", "87.171.75"] },
    City { name: "Hamburg", utc_offset: 1, networks: &["91.11.225", "93.252.103"] },
    City { name: "London", utc_offset: 0, networks: &["86.153.97", "81.135.236", "90.223.41"] },
    City { name: "Paris", utc_offset: 1, networks: &["90.20.169", "82.67.196"] },
    City { name: "Madrid", utc_offset: 1, networks: &["83.32.126", "88.29.107"] },
    City { name: "Lisbon", utc_offset: 0, networks: &["85.243.171", "188.81.51"] },
    City { name: "Milan", utc_offset: 1, networks: &["79.61.133", "93.49.130"] },
    City { name: "Warsaw", utc_offset: 1, networks: &["83.2.91", "89.64.91"] },
    City { name: "Stockholm", utc_offset: 1, networks: &["78.76.186", "81.237.225"] },
    City { name: "Amsterdam", utc_offset: 1, networks: &["86.82.149", "77.161.255"] },
    City { name: "Tel Aviv", utc_offset: 2, networks: &["79.180.250", "84.109.10"] },
    City { name: "New York", utc_offset: -5, networks: &["108.29.35", "71.190.101", "108.30.159"] },
    City { name: "Boston", utc_offset: -5, networks: &["73.4.224", "71.174.20"] },
    City { name: "Seattle", utc_offset: -8, networks: &["73.83.155", "98.225.57", "67.168.117"] },
    City { name: "Toronto", utc_offset: -5, networks: &["99.235.31", "99.231.28"] },
    City { name: "Mexico City", utc_offset: -6, networks: &["189.170.99", "201.107.134"] },
    City { name: "São Paulo", utc_offset: -3, networks: &["177.33.53", "189.33.112"] },
    City { name: "Buenos Aires", utc_offset: -3, networks: &["181.0.83", "190.17.53"] },
    City { name: "Bengaluru", utc_offset: 5, networks: &["106.51.2", "122.172.166"] },
    City { name: "Singapore", utc_offset: 8, networks: &["116.86.248", "121.6.62"] },
    City { name: "Tokyo", utc_offset: 9, networks: &["118.6.143", "126.22.149"] },
    City { name: "Sydney", utc_offset: 10, networks: &["58.171.250", "49.181.52"] },
    City { name: "Zurich", utc_offset: 1, networks: &["178.197.39", "85.2.220"] },
    City { name: "Cape Town", utc_offset: 2, networks: &["41.6.185", "196.211.93"] },
];

/// Offices, each behind one address.
pub const OFFICES: [(&str, &str); 5] = [
    ("Berlin", "87.171.75.18"),
    ("London", "81.135.236.66"),
    ("New York", "108.30.159.34"),
    ("São Paulo", "187.37.250.10"),
    ("Singapore", "118.200.14.9"),
];

/// Where the company's VPN comes out: a machine in AWS' region Frankfurt.
pub const VPN: &str = "3.79.156.41";

/// Networks from which strangers try passwords, day by day.
pub const STRANGERS: [&str; 15] = [
    "113.167.182",
    "102.89.25",
    "77.70.122",
    "88.225.82",
    "114.80.179",
    "93.72.206",
    "89.248.183",
    "105.166.127",
    "175.200.11",
    "86.125.185",
    "190.26.88",
    "41.25.87",
    "14.160.22",
    "197.210.153",
    "41.20.218",
];

/// The city of that name. Every name in these tables is one of `CITIES`: a test sees to it.
pub fn city(name: &str) -> &'static City {
    CITIES.iter().find(|city| city.name == name).unwrap_or(&CITIES[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_city_is_known() {
        let named = PEOPLE.iter().map(|person| person.city).chain(OFFICES.iter().map(|(city, _)| *city));
        for name in named {
            assert_eq!(city(name).name, name);
        }
    }
}

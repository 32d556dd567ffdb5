//! AWS regions: code, the place's name and where on the map it lies.

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
    pub code: &'static str,
    pub name: &'static str,
    /// Degrees north, degrees east.
    pub latitude: f64,
    pub longitude: f64,
}

/// The region of this code.
pub fn region(code: &str) -> Option<&'static Region> {
    REGIONS.iter().find(|region| region.code == code)
}

const fn at(code: &'static str, name: &'static str, latitude: f64, longitude: f64) -> Region {
    Region { code, name, latitude, longitude }
}

/// The public, GovCloud, China and European Sovereign Cloud regions. AWS tells a city or a country,
/// not where the buildings are: the places are near enough for a map of the world.
pub const REGIONS: &[Region] = &[
    at("us-east-1", "US East (N. Virginia)", 38.95, -77.45),
    at("us-east-2", "US East (Ohio)", 39.96, -83.0),
    at("us-west-1", "US West (N. California)", 37.35, -121.96),
    at("us-west-2", "US West (Oregon)", 45.84, -119.7),
    at("us-gov-east-1", "AWS GovCloud (US-East)", 40.1, -83.2),
    at("us-gov-west-1", "AWS GovCloud (US-West)", 45.6, -121.2),
    at("ca-central-1", "Canada (Central)", 45.5, -73.57),
    at("ca-west-1", "Canada West (Calgary)", 51.05, -114.07),
    at("mx-central-1", "Mexico (Central)", 20.59, -100.39),
    at("sa-east-1", "South America (São Paulo)", -23.55, -46.63),
    at("sa-west-1", "South America (Chile)", -33.45, -70.67),
    at("eu-central-1", "Europe (Frankfurt)", 50.11, 8.68),
    at("eu-central-2", "Europe (Zurich)", 47.38, 8.54),
    at("eu-north-1", "Europe (Stockholm)", 59.33, 18.07),
    at("eu-south-1", "Europe (Milan)", 45.46, 9.19),
    at("eu-south-2", "Europe (Spain)", 41.65, -0.88),
    at("eu-west-1", "Europe (Ireland)", 53.35, -6.26),
    at("eu-west-2", "Europe (London)", 51.51, -0.13),
    at("eu-west-3", "Europe (Paris)", 48.86, 2.35),
    at("eusc-de-east-1", "AWS European Sovereign Cloud (Germany)", 52.39, 13.06),
    at("af-south-1", "Africa (Cape Town)", -33.92, 18.42),
    at("il-central-1", "Israel (Tel Aviv)", 32.08, 34.78),
    at("me-central-1", "Middle East (UAE)", 24.45, 54.38),
    at("me-south-1", "Middle East (Bahrain)", 26.23, 50.59),
    at("me-west-1", "Middle East (Saudi Arabia)", 24.71, 46.68),
    at("ap-east-1", "Asia Pacific (Hong Kong)", 22.32, 114.17),
    at("ap-east-2", "Asia Pacific (Taipei)", 25.03, 121.57),
    at("ap-northeast-1", "Asia Pacific (Tokyo)", 35.68, 139.69),
    at("ap-northeast-2", "Asia Pacific (Seoul)", 37.57, 126.98),
    at("ap-northeast-3", "Asia Pacific (Osaka)", 34.69, 135.5),
    at("ap-south-1", "Asia Pacific (Mumbai)", 19.08, 72.88),
    at("ap-south-2", "Asia Pacific (Hyderabad)", 17.39, 78.49),
    at("ap-southeast-1", "Asia Pacific (Singapore)", 1.35, 103.82),
    at("ap-southeast-2", "Asia Pacific (Sydney)", -33.87, 151.21),
    at("ap-southeast-3", "Asia Pacific (Jakarta)", -6.21, 106.85),
    at("ap-southeast-4", "Asia Pacific (Melbourne)", -37.81, 144.96),
    at("ap-southeast-5", "Asia Pacific (Malaysia)", 3.15, 101.69),
    at("ap-southeast-6", "Asia Pacific (New Zealand)", -36.85, 174.76),
    at("ap-southeast-7", "Asia Pacific (Thailand)", 13.76, 100.5),
    at("cn-north-1", "China (Beijing)", 39.9, 116.41),
    at("cn-northwest-1", "China (Ningxia)", 37.51, 105.19),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_have_places() {
        assert_eq!(region("eu-central-1").map(|region| region.name), Some("Europe (Frankfurt)"));
        assert_eq!(region("us-gov-west-1").map(|region| region.name), Some("AWS GovCloud (US-West)"));
        assert_eq!(region("cn-north-1").map(|region| region.name), Some("China (Beijing)"));
        assert_eq!(region("aws-global"), None);
        assert_eq!(region("US-EAST-1"), None);
    }

    #[test]
    fn codes_and_names_are_unique_and_places_on_earth() {
        let codes: BTreeSet<_> = REGIONS.iter().map(|region| region.code).collect();
        let names: BTreeSet<_> = REGIONS.iter().map(|region| region.name).collect();
        assert_eq!((codes.len(), names.len()), (REGIONS.len(), REGIONS.len()));
        for Region { code, latitude, longitude, .. } in REGIONS {
            assert!((-60.0..=70.0).contains(latitude) && (-180.0..=180.0).contains(longitude), "{code}");
        }
    }

    /// A sign or a swap is the usual mistake in such a table: each part of the world is a rough box.
    #[test]
    fn regions_lie_in_their_part_of_the_world() {
        for region in REGIONS {
            let (south, north, west, east) = match region.code.split('-').next().expect("a prefix") {
                "us" | "ca" => (30.0, 60.0, -130.0, -60.0),
                "mx" => (14.0, 33.0, -118.0, -86.0),
                "sa" => (-56.0, 13.0, -82.0, -34.0),
                "eu" | "eusc" => (35.0, 71.0, -11.0, 32.0),
                "af" => (-35.0, 38.0, -18.0, 52.0),
                "il" | "me" => (12.0, 38.0, 34.0, 60.0),
                "ap" => (-48.0, 46.0, 68.0, 180.0),
                "cn" => (18.0, 54.0, 73.0, 135.0),
                other => panic!("{other}"),
            };
            let inside = (south..=north).contains(&region.latitude) && (west..=east).contains(&region.longitude);
            assert!(inside, "{}", region.code);
        }
    }
}

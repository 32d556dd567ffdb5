//! The company of the sample: its accounts, the regions they use, and where their traffic leaves AWS' network.

/// One AWS account. The numbers are those that AWS' own documentation uses, which belong to nobody.
pub struct Account {
    pub id: &'static str,
    /// Part of the names of its buckets and parameters.
    pub env: &'static str,
    /// Share of what workloads do.
    pub weight: f64,
    pub regions: &'static [(&'static str, f64)],
}

pub const PROD: usize = 0;
pub const STAGING: usize = 1;
pub const DEV: usize = 2;
pub const SECURITY: usize = 3;

pub const ACCOUNTS: [Account; 4] = [
    Account {
        id: "111122223333",
        env: "prod",
        weight: 62.0,
        regions: &[
            ("eu-central-1", 36.0),
            ("us-east-1", 28.0),
            ("eu-west-1", 11.0),
            ("us-west-2", 9.0),
            ("ap-southeast-1", 7.0),
            ("ap-northeast-1", 5.0),
            ("sa-east-1", 4.0),
        ],
    },
    Account {
        id: "444455556666",
        env: "staging",
        weight: 19.0,
        regions: &[("eu-central-1", 60.0), ("us-east-1", 30.0), ("us-west-2", 10.0)],
    },
    Account {
        id: "777788889999",
        env: "dev",
        weight: 13.0,
        regions: &[("eu-central-1", 50.0), ("us-east-1", 30.0), ("eu-west-1", 20.0)],
    },
    Account {
        id: "123456789012",
        env: "security",
        weight: 6.0,
        regions: &[("us-east-1", 60.0), ("eu-central-1", 40.0)],
    },
];

/// Where the events of services without a region are recorded.
pub const GLOBAL_REGION: &str = "us-east-1";

/// Services that have one endpoint for all regions.
pub fn is_global(service: &str) -> bool {
    matches!(service, "iam" | "route53" | "cloudfront" | "organizations" | "support" | "health" | "ce")
}

/// Networks (/24) of AWS in a region, through whose NAT gateways workloads reach the APIs.
pub fn egress(region: &str) -> &'static [&'static str] {
    match region {
        "eu-central-1" => &["3.78.194", "3.71.167"],
        "eu-west-1" => &["52.16.205", "34.241.188"],
        "us-west-2" => &["54.68.86", "34.221.209"],
        "ap-southeast-1" => &["13.229.22", "13.228.254"],
        "ap-northeast-1" => &["54.64.138", "54.65.15"],
        "sa-east-1" => &["18.228.10", "18.228.113"],
        _ => &["3.222.156", "34.193.206"],
    }
}

/// Networks (/24) from which GitHub's hosted runners come.
pub const RUNNERS: [&str; 6] = ["20.15.58", "172.177.57", "20.25.25", "4.236.238", "172.184.30", "20.10.73"];

/// What the monitoring vendor's account is called and where it calls from.
pub const VENDOR_ACCOUNT: &str = "222233334444";
pub const VENDOR_NETWORK: &str = "3.213.126";

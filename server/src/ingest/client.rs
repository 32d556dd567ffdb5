//! The family of a user agent: what kind of program made the request.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// Looked for in order, in lower case; the first that is found decides. What wraps an SDK comes before the SDK.
const FAMILIES: &[(&str, &str)] = &[
    ("console", "console"),
    ("terraform", "Terraform"),
    ("opentofu", "Terraform"),
    ("pulumi", "Pulumi"),
    ("aws-cdk", "CDK"),
    ("cdk-", "CDK"),
    ("cloudformation", "CloudFormation"),
    ("aws-sam-cli", "AWS SAM"),
    ("eksctl", "eksctl"),
    ("kube", "Kubernetes"),
    ("karpenter", "Kubernetes"),
    ("aws-load-balancer-controller", "Kubernetes"),
    ("cluster-autoscaler", "Kubernetes"),
    ("ebs-csi-driver", "Kubernetes"),
    ("efs-csi-driver", "Kubernetes"),
    ("vpc-cni", "Kubernetes"),
    ("external-dns", "Kubernetes"),
    ("ansible", "Ansible"),
    ("packer", "Packer"),
    ("powershell", "AWS Tools for PowerShell"),
    ("aws-internal/", "AWS service"),
    ("amazon-ssm-agent", "AWS agent"),
    ("cwagent", "AWS agent"),
    ("aws-cli/", "aws-cli"),
    ("boto3", "boto3"),
    ("botocore", "boto3"),
    ("boto/", "boto3"),
    ("aws-sdk-java", "AWS SDK for Java"),
    ("aws-sdk-go", "AWS SDK for Go"),
    ("aws-sdk-js", "AWS SDK for JavaScript"),
    ("aws-sdk-nodejs", "AWS SDK for JavaScript"),
    ("aws-amplify", "AWS SDK for JavaScript"),
    ("aws-sdk-dotnet", "AWS SDK for .NET"),
    ("aws-sdk-net", "AWS SDK for .NET"),
    ("aws-sdk-rust", "AWS SDK for Rust"),
    ("aws-sdk-php", "AWS SDK for PHP"),
    ("aws-sdk-ruby", "AWS SDK for Ruby"),
    ("aws-sdk-cpp", "AWS SDK for C++"),
    ("aws-sdk-kotlin", "AWS SDK for Kotlin"),
    ("aws-sdk-swift", "AWS SDK for Swift"),
    ("aws-sdk-ios", "AWS SDK for Swift"),
    ("aws-sdk-android", "AWS SDK for Java"),
    ("aws-sdk-python", "boto3"),
    ("mozilla/", "browser"),
];

/// All of them at once, since each event has a user agent.
static PARTS: LazyLock<AhoCorasick> =
    LazyLock::new(|| AhoCorasick::new(FAMILIES.iter().map(|(part, _)| part)).expect("a few short texts"));

/// The family of `user_agent`. `from_console`: CloudTrail says that the session's credentials come from the console.
pub fn family(user_agent: &str, from_console: bool) -> &'static str {
    let agent = user_agent.trim().to_ascii_lowercase();
    if let Some(service) = service(&agent) {
        return service;
    }
    let first = PARTS.find_overlapping_iter(&agent).map(|found| found.pattern().as_usize()).min();
    let found = first.map_or("other", |at| FAMILIES[at].1);
    if from_console && found == "browser" { "console" } else { found }
}

/// AWS names itself by a host, or as `AWS Internal`.
fn service(agent: &str) -> Option<&'static str> {
    if agent == "aws internal" {
        return Some("AWS service");
    }
    let host =
        !agent.contains([' ', '/']) && (agent.ends_with(".amazonaws.com") || agent.ends_with(".amazonaws.com.cn"));
    host.then_some(if agent.starts_with("console.") || agent.contains(".console.") || agent.starts_with("signin.") {
        "console"
    } else if agent.starts_with("cloudformation.") {
        "CloudFormation"
    } else {
        "AWS service"
    })
}

//! The file of sources: what it may say, and how its mistakes are told.

use expect_test::{Expect, expect};
use server::config::{
    file,
    quiet::Quiet,
    smtp::Encryption,
    source::{Kind, Secret, Source},
};

fn parse(text: &str) -> Result<Vec<Source>, String> {
    file::parse(text).map(|file| file.sources)
}

/// What is wrong with each of the texts, a line each.
fn mistakes(texts: &[String], expected: Expect) {
    let told: String = texts.iter().map(|text| parse(text).unwrap_err() + "\n").collect();
    expected.assert_eq(&told);
}

#[test]
fn every_type_and_key() {
    let text = r#"
        [[source]]
        name = "org-trail"
        type = "s3"
        bucket = "my-trail"
        prefix = "AWSLogs/"
        since = 2026-01-31
        poll = "90s"
        recheck = "2h"
        region = "eu-west-1"
        profile = "audit"
        role_arn = "arn:aws:iam::111122223333:role/trailmap"
        external_id = "xyz"
        endpoint_url = "http://127.0.0.1:9000"
        fips = true

        [[source]]
        name = "queue-1"
        type = "sqs"
        queue_url = "https://sqs.eu-west-1.amazonaws.com/111122223333/trail"
        visibility_timeout = "5m"
        max_receives = 3

        [[source]]
        name = "api"
        type = "lookup-events"
        regions = ["*"]
        days = 30

        [[source]]
        name = "drop"
        type = "folder"
        path = "/var/spool/trail"

        [[source]]
        name = "events"
        type = "push"
        access_key_env = "PUSH_KEY"

        [[source]]
        name = "more-events"
        type = "push"
        access_key_file = "/run/secrets/push"
    "#;
    let sources = parse(text).unwrap();
    expect![[r#"[Source { name: "org-trail", kind: S3(S3 { aws: Aws { region: Some("eu-west-1"), profile: Some("audit"), role_arn: Some("arn:aws:iam::111122223333:role/trailmap"), external_id: Some("xyz"), endpoint_url: Some("http://127.0.0.1:9000"), fips: true }, bucket: "my-trail", prefix: "AWSLogs/", since: Some(2026-01-31), keep_days: None, poll: 90s, recheck: 7200s }), verify: Some(Verify { aws: Aws { region: Some("eu-west-1"), profile: Some("audit"), role_arn: Some("arn:aws:iam::111122223333:role/trailmap"), external_id: Some("xyz"), endpoint_url: Some("http://127.0.0.1:9000"), fips: true }, bucket: "my-trail", prefix: "AWSLogs/", since: Some(2026-01-31), keep_days: None, public_keys: [], poll: 600s, recheck: 3600s }) }, Source { name: "queue-1", kind: Sqs(Sqs { aws: Aws { region: None, profile: None, role_arn: None, external_id: None, endpoint_url: None, fips: false }, queue_url: "https://sqs.eu-west-1.amazonaws.com/111122223333/trail", visibility_timeout: 300s, max_receives: 3 }), verify: None }, Source { name: "api", kind: LookupEvents(LookupEvents { aws: Aws { region: None, profile: None, role_arn: None, external_id: None, endpoint_url: None, fips: false }, regions: [], days: 30, poll: 60s }), verify: None }, Source { name: "drop", kind: Folder(Folder { path: "/var/spool/trail", poll: 2s }), verify: None }, Source { name: "events", kind: Push(Push { access_key: Environment("PUSH_KEY") }), verify: None }, Source { name: "more-events", kind: Push(Push { access_key: File("/run/secrets/push") }), verify: None }]"#]]
    .assert_eq(&format!("{sources:?}"));
    assert!(matches!(&sources[0].kind, Kind::S3(s3) if s3.poll.as_secs() == 90));
    assert_eq!(parse("").unwrap(), []);
}

#[test]
fn mistakes_of_the_file() {
    let folder = "[[source]]\nname = \"a\"\ntype = \"folder\"\npath = \"/a\"\n";
    let texts = [
        "[[source]\n",
        "\nlisten = 1\n",
        "source = 1\n",
        "[[source]]\ntype = \"s3\"\n",
        "[[source]]\nname = \"Trail\"\n",
        "[[source]]\nname = \"trail\"\n",
        "[[source]]\nname = \"trail\"\ntype = \"kafka\"\n",
        "[[source]]\nname = \"trail\"\ntype = \"s3\"\n",
        &format!("{folder}{folder}"),
        &format!("{folder}region = \"eu-west-1\"\n"),
    ];
    mistakes(
        &texts.map(str::to_owned),
        expect![[r#"
            line 1: not TOML: unclosed array table, expected `]`
            line 2: unknown key "listen": the file has [[source]] tables, [retention], [quiet], [smtp], [slack], [oidc] and [access]
            line 1: a source begins with [[source]]
            line 1: source: name: is missing
            line 2: source: name: "Trail" has other characters than a-z, 0-9 and -, or over 63
            line 1: source "trail": type: is missing
            line 3: source "trail": type: "kafka" is none of s3, sqs, lookup-events, folder, push
            line 1: source "trail": bucket: is missing
            line 5: the name "a" is taken by a source above
            line 5: source "a": region: unknown key; a source of type folder has name, path, poll, type
        "#]],
    );
}

#[test]
fn mistakes_of_keys() {
    let s3 = [
        "bukket = \"c\"",
        "prefix = 1",
        "since = \"yesterday\"",
        "since = 2026-02-30",
        "since = 2026-01-31T00:00:00Z",
        "poll = \"60\"",
        "poll = 60",
        "poll = \"0s\"",
        "poll = \"-1s\"",
        "role_arn = \"trailmap\"",
        "external_id = \"x\"",
        "endpoint_url = \"minio:9000\"",
        "fips = \"yes\"",
        "verify = 1",
        "region = \"\"",
    ];
    let s3 = s3.map(|line| format!("[[source]]\nname = \"trail\"\ntype = \"s3\"\nbucket = \"b\"\n{line}\n"));
    mistakes(
        &s3,
        expect![[r#"
        line 5: source "trail": bukket: unknown key; a source of type s3 has bucket, endpoint_url, external_id, fips, name, poll, prefix, profile, public_keys, recheck, region, role_arn, since, type, verify
        line 5: source "trail": prefix: a text in quotes is expected, not a number
        line 5: source "trail": since: "yesterday" is no date such as 2026-01-31
        line 5: not TOML: invalid date, expected day between 01 and 28
        line 5: source "trail": since: "2026-01-31T00:00:00Z" is no date such as 2026-01-31
        line 5: source "trail": poll: "60" is no duration such as 60s, 5m, 2h or 1d, from 1s to 365d
        line 5: source "trail": poll: a text in quotes is expected, not a number
        line 5: source "trail": poll: "0s" is no duration such as 60s, 5m, 2h or 1d, from 1s to 365d
        line 5: source "trail": poll: "-1s" is no duration such as 60s, 5m, 2h or 1d, from 1s to 365d
        line 5: source "trail": role_arn: not the ARN of a role, as arn:aws:iam::111122223333:role/trailmap
        line 5: source "trail": external_id: belongs to a role: there is no role_arn
        line 5: source "trail": endpoint_url: not a URL: it begins with https:// or http://
        line 5: source "trail": fips: true or false is expected, not a text
        line 5: source "trail": verify: true or false is expected, not a number
        line 5: source "trail": region: is empty
    "#]],
    );
    let others = [
        "\"s3\"\nbucket = \"s3://b/c\"",
        "\"sqs\"\nqueue_url = \"trail\"",
        "\"sqs\"\nqueue_url = \"https://q\"\nvisibility_timeout = \"1s\"",
        "\"sqs\"\nqueue_url = \"https://q\"\nmax_receives = 0",
        "\"sqs\"\nqueue_url = \"https://q\"\nverify = true",
        "\"lookup-events\"\nverify = true",
        "\"lookup-events\"\nregions = [\"*\", \"eu-west-1\"]",
        "\"lookup-events\"\nregions = [\"eu-west-1\", \"eu-west-1\"]",
        "\"lookup-events\"\nregions = \"eu-west-1\"",
        "\"lookup-events\"\ndays = 91",
        "\"push\"",
        "\"push\"\naccess_key_env = \"A\"\naccess_key_file = \"/a\"",
        "\"push\"\naccess_key_env = \"A\"\naccess_key = \"secret\"",
    ];
    let others = others.map(|lines| format!("[[source]]\nname = \"t\"\ntype = {lines}\n"));
    mistakes(
        &others,
        expect![[r#"
        line 4: source "t": bucket: not the name of a bucket: without s3:// and without a path
        line 4: source "t": queue_url: not the URL of a queue, which begins with https://
        line 5: source "t": visibility_timeout: SQS takes from 2s to 12h
        line 5: source "t": max_receives: a number from 1 to 1000 is expected
        line 1: source "t": bucket: is missing: verify has to know where digests lie
        line 4: source "t": verify: unknown key; a source of type lookup-events has days, endpoint_url, external_id, fips, name, poll, profile, region, regions, role_arn, type
        line 4: source "t": regions: "*" is all regions and stands alone
        line 4: source "t": regions: a region stands there twice
        line 4: source "t": regions: a list of texts is expected, as ["eu-west-1", "us-east-1"]
        line 4: source "t": days: a number from 1 to 90 is expected
        line 1: source "t": access_key_env: is missing, and so is access_key_file: one of them names where the access key is
        line 5: source "t": access_key_file: there is access_key_env, too: one of them
        line 5: source "t": access_key: unknown key; a source of type push has access_key_env, access_key_file, name, type
    "#]],
    );
}

#[test]
fn what_is_verified() {
    let verify = |lines: &str| {
        let text = format!("[[source]]\nname = \"t\"\ntype = {lines}\n");
        let verify = parse(&text).unwrap().remove(0).verify;
        verify.map(|verify| (verify.bucket, verify.prefix, verify.aws.region))
    };
    let s3 = "\"s3\"\nbucket = \"b\"\nprefix = \"AWSLogs/\"";
    let queue = "\"sqs\"\nqueue_url = \"https://q\"\nregion = \"eu-west-1\"";
    assert_eq!(verify(s3), Some(("b".into(), "AWSLogs/".into(), None)), "unless it says no");
    assert_eq!(verify(&format!("{s3}\nverify = false")), None);
    assert_eq!(verify(queue), None);
    let told = verify(&format!("{queue}\nverify = true\nbucket = \"b\""));
    assert_eq!(told, Some(("b".into(), String::new(), Some("eu-west-1".into()))));
}

#[test]
fn who_counts_as_silent() {
    let text = "[quiet]\nhours = 24\nignore = [\"111122223333\"]\n";
    let quiet = file::parse(text).unwrap().quiet;
    assert_eq!((quiet.hours, quiet.times, quiet.ignore), (24, 2, vec!["111122223333".to_owned()]));
    assert_eq!(file::parse("").unwrap().quiet, Quiet::default());
    mistakes(
        &[
            "quiet = 24\n".to_owned(),
            "[quiet]\nhours = 400\n".to_owned(),
            "[quiet]\ntimes = \"2\"\n".to_owned(),
            "[quiet]\nignore = [\"prod\"]\n".to_owned(),
            "[quiet]\ndays = 2\n".to_owned(),
        ],
        expect![[r#"
            line 1: quiet is a table and begins with [quiet]
            line 2: quiet: hours: a number from 1 to 336 is expected
            line 2: quiet: times: a number from 1 to 100 is expected
            line 2: quiet: ignore: an account's id is 12 digits, in quotes
            line 2: quiet: days: unknown key; [quiet] has hours, ignore, times
        "#]],
    );
}

#[test]
fn who_mails_reports() {
    let from = "from = \"Trailmap <trailmap@example.com>\"\n";
    let smtp = |lines: &str| {
        file::parse(&format!("[smtp]\nhost = \"mail.example.com\"\n{from}{lines}")).unwrap().smtp.unwrap()
    };
    let settings = smtp("user = \"trailmap\"\npassword_env = \"P\"\ndomains = [\"Example.com\"]\n");
    assert_eq!((settings.host.as_str(), settings.port, settings.tls), ("mail.example.com", 587, Encryption::Starttls));
    assert_eq!(settings.user, Some(("trailmap".to_owned(), Secret::Environment("P".to_owned()))));
    assert_eq!((settings.from.email.domain(), settings.domains), ("example.com", vec!["example.com".to_owned()]));
    assert_eq!((smtp("tls = \"tls\"\n").port, smtp("port = 2525\n").port), (465, 2525));
    let local = file::parse(&format!("[smtp]\nhost = \"127.0.0.1\"\ntls = \"none\"\n{from}")).unwrap().smtp.unwrap();
    assert_eq!((local.port, local.tls), (25, Encryption::None));
    let wrong = [
        "tls = \"none\"",
        "tls = \"ssl\"",
        "port = 0",
        "user = \"a\"",
        "password_env = \"P\"",
        "user = \"a\"\npassword_env = \"P\"\npassword_file = \"/p\"",
        "password = \"secret\"",
        "domains = \"example.com\"",
    ];
    let mut texts: Vec<_> =
        wrong.iter().map(|lines| format!("[smtp]\nhost = \"mail.example.com\"\n{from}{lines}\n")).collect();
    texts.push("smtp = \"mail.example.com\"\n".to_owned());
    texts.push("[smtp]\nhost = \"mail.example.com\"\nfrom = \"nobody\"\n".to_owned());
    texts.push("[smtp]\nhost = \"mail.example.com\"\n".to_owned());
    mistakes(
        &texts,
        expect![[r#"
        line 4: smtp: tls: "none" is for a server on this machine alone (127.0.0.1, ::1, localhost)
        line 4: smtp: tls: "starttls", "tls" or "none" is expected
        line 4: smtp: port: a number from 1 to 65535 is expected
        line 4: smtp: user: password_env or password_file is missing: it names where the password is
        line 1: smtp: user: is missing, and there is a password
        line 6: smtp: password_file: there is password_env, too: one of them
        line 4: smtp: password: unknown key; [smtp] has ca, domains, from, host, password_env, password_file, port, tls, user
        line 4: smtp: domains: a list of texts is expected, as ["eu-west-1", "us-east-1"]
        line 1: smtp is a table and begins with [smtp]
        line 3: smtp: from: "nobody" is no address such as "Trailmap <trailmap@example.com>"
        line 1: smtp: from: is missing
    "#]],
    );
}

#[test]
fn who_posts_reports() {
    let slack = |lines: &str| file::parse(&format!("[slack]\n{lines}")).unwrap().slack.unwrap();
    let settings = slack("token_env = \"T\"\n");
    assert_eq!(settings.token, Secret::Environment("T".to_owned()));
    assert_eq!((settings.api.as_str(), settings.channels.len()), ("https://slack.com/api/", 0));
    let settings =
        slack("token_file = \"/t\"\nchannels = [\"C0123ABCD\", \"G0123ABCD\"]\napi = \"https://slack-gov.com/api/\"\n");
    assert_eq!(settings.token, Secret::File("/t".into()));
    assert_eq!(settings.channels, ["C0123ABCD", "G0123ABCD"]);
    assert_eq!(settings.api, "https://slack-gov.com/api/");
    let wrong = [
        "",
        "token_env = \"T\"\ntoken_file = \"/t\"",
        "token = \"xoxb-secret\"",
        "token_env = \"T\"\ntoken = \"xoxb-secret\"",
        "token_env = \"T\"\nchannels = [\"#general\"]",
        "token_env = \"T\"\nchannels = []",
        "token_env = \"T\"\napi = \"http://slack.com/api/\"",
        "token_env = \"T\"\napi = \"https://slack.com/api\"",
        "token_env = \"T\"\napi = \"https://a:b@slack.com/\"",
        "token_env = \"T\"\napi = \"https://slack.com/?x=/\"",
    ];
    let mut texts: Vec<_> = wrong.iter().map(|lines| format!("[slack]\n{lines}\n")).collect();
    texts.push("slack = \"xoxb-secret\"\n".to_owned());
    mistakes(
        &texts,
        expect![[r##"
        line 1: slack: token_env: is missing, and so is token_file: one of them names where the token of the app's bot is
        line 3: slack: token_file: there is token_env, too: one of them
        line 1: slack: token_env: is missing, and so is token_file: one of them names where the token of the app's bot is
        line 3: slack: token: unknown key; [slack] has api, channels, token_env, token_file
        line 3: slack: channels: "#general" is no channel's id such as C0123ABCD: it stands in the channel's About tab
        line 3: slack: channels: a list of texts is expected, as ["eu-west-1", "us-east-1"]
        line 3: slack: api: no address such as https://slack.com/api/: https, without a name or a password, and with a / at the end
        line 3: slack: api: no address such as https://slack.com/api/: https, without a name or a password, and with a / at the end
        line 3: slack: api: no address such as https://slack.com/api/: https, without a name or a password, and with a / at the end
        line 3: slack: api: no address such as https://slack.com/api/: https, without a name or a password, and with a / at the end
        line 1: slack is a table and begins with [slack]
    "##]],
    );
}

//! `[retention]`: what it may say, and how its mistakes are told.

use expect_test::expect;
use server::config::{file, source::Kind};

#[test]
fn rules_of_accounts_and_sources() {
    let text = r#"
        [retention]
        days = 400

        [[retention.rule]]
        account = "111122223333"
        days = 90

        [[retention.rule]]
        account = "111122223333"
        source = "audit"
        days = "forever"

        [[source]]
        name = "audit"
        type = "s3"
        bucket = "b"

        [[source]]
        name = "api"
        type = "lookup-events"
    "#;
    let file = file::parse(text).unwrap();
    let rules: Vec<_> = file.retention.rules.iter().map(ToString::to_string).collect();
    expect![[r#"
        [
            "days = 400",
            "account = \"111122223333\", days = 90",
            "account = \"111122223333\", source = \"audit\", days = \"forever\"",
        ]
    "#]]
    .assert_debug_eq(&rules);
    assert!(matches!(&file.sources[0].kind, Kind::S3(s3) if s3.keep_days.is_none()), "some of it is kept for ever");
    assert!(matches!(&file.sources[1].kind, Kind::LookupEvents(lookup) if lookup.days == 90));
    assert!(file::parse("").unwrap().retention.rules.is_empty(), "nothing is deleted unless it is said");
}

#[test]
fn what_would_be_deleted_at_once_is_not_asked_for() {
    let text = "[[source]]\nname = \"a\"\ntype = \"s3\"\nbucket = \"b\"\n[[source]]\nname = \"b\"\ntype = \"lookup-events\"\n\
                [retention]\ndays = 7\n[[retention.rule]]\naccount = \"111122223333\"\ndays = 30\n";
    let file = file::parse(text).unwrap();
    assert!(matches!(&file.sources[0].kind, Kind::S3(s3) if s3.keep_days == Some(30)));
    assert!(matches!(&file.sources[1].kind, Kind::LookupEvents(lookup) if lookup.days == 31));
}

#[test]
fn mistakes_name_their_line_and_key() {
    let rule = "[[retention.rule]]\naccount = \"111122223333\"\ndays = 9\n";
    let texts = [
        "[retention]\n".to_owned(),
        "retention = 90\n".to_owned(),
        "[retention]\ndays = \"90\"\n".to_owned(),
        "[retention]\ndays = 0\n".to_owned(),
        "[retention]\ndays = 1.5\n".to_owned(),
        "[retention]\nday = 90\n".to_owned(),
        "[retention]\nrule = \"all\"\n".to_owned(),
        "[retention]\ndays = 9\n[[retention.rule]]\ndays = 9\n".to_owned(),
        "[[retention.rule]]\naccount = \"111122223333\"\n".to_owned(),
        "[[retention.rule]]\naccount = \"my-account\"\ndays = 9\n".to_owned(),
        "[[retention.rule]]\naccount = 111122223333\ndays = 9\n".to_owned(),
        "[[retention.rule]]\nsource = \"a\"\ndays = 9\nregion = \"eu-west-1\"\n".to_owned(),
        format!("{rule}{rule}"),
    ];
    let told: String = texts.iter().map(|text| file::parse(text).unwrap_err() + "\n").collect();
    expect![[r#"
        line 1: retention: days: is missing, and there is no [[retention.rule]]: this would do nothing
        line 1: retention is a table and begins with [retention]
        line 2: retention: days: a number of days or "forever" is expected
        line 2: retention: days: a number from 1 to 36500 is expected
        line 2: retention: days: a number of days or "forever" is expected
        line 2: retention: day: unknown key; [retention] has days, rule
        line 2: retention: rule: a rule begins with [[retention.rule]]
        line 3: retention.rule: account: is missing, and so is source: for all events, set days of [retention]
        line 1: retention.rule: days: is missing
        line 2: retention.rule: account: an account's id is 12 digits, in quotes
        line 2: retention.rule: account: a text in quotes is expected, not a number
        line 4: retention.rule: region: unknown key; a rule of [retention] has account, days, source
        line 4: retention.rule: a rule above has the same conditions as this one (account = "111122223333", days = 9)
    "#]]
    .assert_eq(&told);
}

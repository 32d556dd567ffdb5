//! What pages do with filters: clicks and pills.

use super::*;

#[test]
fn clicks_make_terms() {
    let equals = |field, cell| print(&Ast::equals(field, &cell));
    assert_eq!(equals(Field::Country, Cell::Text("DE".into())), "country:DE");
    assert_eq!(equals(Field::Country, Cell::Null), "not country:*");
    assert_eq!(equals(Field::Actor, Cell::Text("*".into())), r#"actor:"*""#);
    assert_eq!(equals(Field::ReadOnly, Cell::Bool(false)), "read_only:false");
    assert_eq!(equals(Field::AsNumber, Cell::Int(16509)), "as_number:16509");
    assert_eq!(equals(Field::Latitude, Cell::Float(52.0)), "latitude:52");
    assert_eq!(
        equals(Field::EventTime, Cell::Time(crate::time::Timestamp(1500))),
        "event_time:1970-01-01T00:00:01.500Z"
    );
}

#[test]
fn pills_are_the_conditions_that_hold_together() {
    let pills = |text| parse(text).expect(text).terms().iter().map(print).collect::<Vec<_>>();
    assert_eq!(pills(""), Vec::<String>::new());
    assert_eq!(pills("actor:a"), ["actor:a"]);
    assert_eq!(pills("actor:a and not (city:b or account:c)"), ["actor:a", "not (city:b or account:c)"]);
    assert_eq!(pills("actor:a or city:b"), ["actor:a or city:b"]);
    let ast = parse("actor:a or city:b").expect("a filter").and(parse("client:c").expect("a filter"));
    assert_eq!(print(&ast), "(actor:a or city:b) and client:c");
    assert_eq!(print(&ast.clone().negated()), "not ((actor:a or city:b) and client:c)");
    assert_eq!(ast.clone().negated().negated(), ast);
}

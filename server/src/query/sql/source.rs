//! What a statement reads so that its conditions can be asked: events; and where conditions are upon an event's text, whole
//! segments of texts beside them.

use std::sync::Arc;

use model::{
    filter::{Ast, Pattern, Target, Term},
    time::Window,
};
use sqlx::{Postgres, QueryBuilder};

use super::{known::Known, narrow, push_times};
use crate::{
    query::{
        filter::{condition, condition_over, is_text},
        reach::Visible,
        session::Joins,
    },
    store::{instant, sketch},
};

/// Groups of letters that are looked for in a segment's sketch, at most: more hardly sort out more, and take Postgres longer to plan.
const MOST_BITS: usize = 12;
/// Of these, those that Postgres is to reckon with.
const TELLING_BITS: usize = 5;

/// The events of a window that match a filter.
///
/// A segment is read once, and its texts are asked before they are joined with their events: all that a condition upon the
/// text leaves of them is whether it holds, `text_0` and so on. `offset 0` keeps Postgres from taking segments apart once for
/// each event.
pub struct Source<'a> {
    window: Window,
    filter: &'a Ast,
    known: Arc<Known>,
    /// The largest parts of conditions that are upon the text alone.
    texts: Vec<&'a Ast>,
    /// Only the newest so many segments are read, and `found.raw` and `found.raw_json` are theirs.
    newest: Option<i64>,
    /// Entries of the audit log are read: each has its text beside it.
    audit: bool,
}

impl<'a> Source<'a> {
    pub fn new(window: Window, filter: &'a Visible) -> Source<'a> {
        let (filter, audit) = (filter.all(), filter.is_audit());
        let mut source = Source { window, filter, known: Arc::default(), texts: Vec::new(), newest: None, audit };
        source.also(filter);
        source
    }

    /// Of the newest so many segments, with the texts themselves.
    pub fn newest(window: Window, filter: &'a Visible, segments: i64) -> Source<'a> {
        Source { newest: Some(segments), ..Source::new(window, filter) }
    }

    pub fn knowing(self, known: &Arc<Known>) -> Source<'a> {
        Source { known: known.clone(), ..self }
    }

    /// For conditions that are asked besides the filter.
    pub fn and(mut self, conditions: impl IntoIterator<Item = &'a Ast>) -> Source<'a> {
        conditions.into_iter().for_each(|condition| self.also(condition));
        self
    }

    fn also(&mut self, condition: &'a Ast) {
        if self.audit {
            return;
        }
        if is_text(condition) {
            if !self.texts.contains(&condition) {
                self.texts.push(condition);
            }
            return;
        }
        match condition {
            Ast::All | Ast::Term(_) => {}
            Ast::Not(inner) => self.also(inner),
            Ast::And(parts) | Ast::Or(parts) => parts.iter().for_each(|part| self.also(part)),
        }
    }

    /// A condition as it is asked of a row of this source.
    pub fn condition(&self, ast: &Ast, sql: &mut QueryBuilder<Postgres>) {
        condition_over(ast, &self.texts, sql);
    }

    /// The time by which rows are sorted. Joined with texts, Postgres must not follow the index on time, which has it guess
    /// how soon enough of them are found.
    pub fn time(&self) -> &'static str {
        if self.reads_text() { "event_time + interval '0'" } else { "event_time" }
    }

    /// Whether texts are read to know which events match.
    pub fn reads_text(&self) -> bool {
        !self.texts.is_empty() || self.newest.is_some()
    }

    /// Whether rows are chosen before anything is joined with them, so that the order of the joins does not matter.
    pub fn is_chosen_first(&self) -> bool {
        !self.reads_text() && self.is_told_by_row()
    }

    fn is_told_by_row(&self) -> bool {
        !self.audit && narrow::parts(self.filter).iter().all(|part| is_text(part) || narrow::is_told_by_row(part))
    }

    pub fn joins(&self) -> Joins {
        match self.is_chosen_first() {
            true if narrow::names_one(self.filter) => Joins::ByIndex,
            true => Joins::AsWritten,
            false => Joins::AnyOrder,
        }
    }

    /// The same for a statement that chooses rows before it joins anything with them that it shows. Conditions that are left then are
    /// upon several tables, which no order spares; but texts are to be read before these are joined.
    pub fn joins_of_chosen(&self) -> Joins {
        match self.joins() {
            Joins::AnyOrder if !self.audit && (!self.reads_text() || self.is_told_by_row()) => Joins::AsWritten,
            joins => joins,
        }
    }

    /// `from …`
    pub fn push_from(&self, sql: &mut QueryBuilder<Postgres>, indent: &str) {
        if self.audit {
            sql.push(format_args!("{indent}from access.audit_event as event"));
        } else if !self.reads_text() {
            sql.push(format_args!("{indent}from event"));
        } else if self.is_rest_known() {
            // What no text is found for is looked up in a list, not joined: Postgres reckons with one event where a filter has
            // several conditions, and would read the texts anew for each that there is.
            sql.push(format_args!("{indent}from (with found as materialized "));
            self.push_found(sql, indent);
            sql.push(format_args!("{indent}select event.*"));
            for at in 0..self.texts.len() {
                sql.push(format_args!(
                    ",{indent}  ((segment_id, ordinal) in (select segment_id, ordinal from found where text_{at})) is true \
                     as text_{at}"
                ));
            }
            sql.push(format_args!("{indent}from event) as event"));
        } else {
            sql.push(format_args!("{indent}from event{indent}join (with found as materialized "));
            self.push_found(sql, indent);
            sql.push(" select * from found) as found using (segment_id, ordinal)");
        }
    }

    /// Whether events whose segment is not read are known to hold for no condition upon the text, and may be asked for all the same.
    fn is_rest_known(&self) -> bool {
        self.newest.is_none() && self.texts.iter().all(|text| self.is_besides(text) && may(text).is_some())
    }

    /// `where …`: conditions upon one table are asked of its ids, before anything is joined.
    pub fn push_where(&self, sql: &mut QueryBuilder<Postgres>, indent: &str) {
        sql.push(format_args!("{indent}where "));
        push_times(sql, self.window);
        if !self.audit {
            narrow::push_chosen(sql, &self.known, self.filter, indent);
        }
        let parts = match self.texts.contains(&self.filter) {
            true => std::slice::from_ref(self.filter),
            false => narrow::parts(self.filter),
        };
        for part in parts.iter().filter(|part| self.audit || narrow::known(part).is_none()) {
            sql.push(format_args!("{indent}  and ("));
            self.condition(part, sql);
            sql.push(")");
        }
    }

    /// Which events are listed, as `chosen_time` and `chosen_key`: the first so many by time of those that `more` holds of, too. Of few ids
    /// each one's are looked up, which takes no longer where there are none; else Postgres goes back in time and reckons that it soon
    /// finds enough of them.
    pub fn push_first(
        &self,
        sql: &mut QueryBuilder<Postgres>,
        (way, limit): (&str, i64),
        indent: &str,
        more: impl Fn(&mut QueryBuilder<Postgres>, &str),
    ) {
        let few = narrow::few(&self.known, self.filter).filter(|_| self.is_chosen_first());
        let inner = [indent, if few.is_some() { "  " } else { "" }].concat();
        if let Some((_, ids)) = few {
            sql.push(format_args!("{indent}select chosen_time, chosen_key from unnest(")).push_bind(ids.to_vec());
            sql.push("::bigint[]) as named (named_id) cross join lateral (");
        }
        sql.push(format_args!("{inner}select event_time as chosen_time, event_key as chosen_key"));
        self.push(sql, &inner);
        if let Some((table, _)) = few {
            sql.push(format_args!("{inner}  and {table}_id = named_id"));
        }
        more(sql, &inner);
        sql.push(format_args!("{inner}order by event_time {way}, event_key {way}{inner}limit ")).push_bind(limit);
        if few.is_some() {
            sql.push(format_args!(
                "{indent}) as newest{indent}order by chosen_time {way}, chosen_key {way}{indent}limit "
            ));
            sql.push_bind(limit);
        }
    }

    /// Whether that is done for each of few ids apart.
    pub fn is_of_few(&self) -> bool {
        self.is_chosen_first() && narrow::few(&self.known, self.filter).is_some()
    }

    /// Each of what was chosen is looked up by its key: Postgres would rather read all events and what they refer to.
    pub const CHOSEN: &'static str = ") as chosen\ncross join lateral (select * from event where event_time = chosen_time and event_key = chosen_key \
                                      offset 0) as event";

    /// `from … where …`
    pub fn push(&self, sql: &mut QueryBuilder<Postgres>, indent: &str) {
        self.push_from(sql, indent);
        self.push_where(sql, indent);
    }

    fn push_found(&self, sql: &mut QueryBuilder<Postgres>, indent: &str) {
        sql.push(format_args!("({indent}  select segment_id, ordinal"));
        if self.newest.is_some() {
            sql.push(", delivered.raw, delivered.raw_json");
        }
        for (at, text) in self.texts.iter().enumerate() {
            sql.push(", (");
            if self.is_besides(text) && may(text).is_some() {
                sql.push(format_args!("may_{at} and "));
            }
            condition(text, sql);
            sql.push(format_args!(") as text_{at}"));
        }
        sql.push(format_args!("{indent}  from ("));
        self.push_chosen(sql, indent);
        let (arrays, columns) = self.arrays();
        sql.push(format_args!(
            ") as chosen{indent}  cross join lateral unnest({arrays}) with ordinality as delivered ({columns}, ordinal)"
        ));
        if narrow::knows(self.filter) {
            sql.push(format_args!("{indent}  where "));
            self.push_known(sql, "(segment_id, ordinal)", "segment_id, ordinal", &[indent, "    "].concat());
        }
        sql.push(format_args!("{indent}  offset 0{indent})"));
    }

    /// Which of a segment's arrays are taken apart, and what their elements are called.
    fn arrays(&self) -> (&'static str, &'static str) {
        let asks = |target: fn(&Target) -> bool| self.texts.iter().any(|text| has_term(text, target));
        let documents = self.newest.is_some() || asks(|target| matches!(target, Target::Path(_)));
        match (documents, asks(|target| matches!(target, Target::Event))) {
            (true, true) => ("texts, texts_json, texts_folded", "raw, raw_json, folded"),
            (true, false) => ("texts, texts_json", "raw, raw_json"),
            (false, _) => ("texts_folded", "folded"),
        }
    }

    /// That some event there is chosen by its fields: `is true` as in `narrow::push_known`.
    fn push_known(&self, sql: &mut QueryBuilder<Postgres>, place: &str, columns: &str, indent: &str) {
        sql.push(format_args!("({place} in (select {columns} from stored_event where "));
        push_times(sql, self.window);
        narrow::push_known(sql, &self.known, self.filter, indent);
        sql.push(")) is true");
    }

    /// The segments whose texts are read.
    fn push_chosen(&self, sql: &mut QueryBuilder<Postgres>, indent: &str) {
        sql.push(format_args!(
            "{indent}    select segment_id, raw as texts, raw_json as texts_json, folded as texts_folded"
        ));
        for (at, text) in self.texts.iter().enumerate().filter(|(_, text)| self.is_besides(text)) {
            if let Some(may) = may(text) {
                sql.push(", ");
                may.push(sql);
                sql.push(format_args!(" as may_{at}"));
            }
        }
        sql.push(format_args!("{indent}    from segment{indent}    where last_time >= "));
        sql.push_bind(instant(self.window.from));
        // All of a segment's events are of one month: that of its first one, by which it has its partition.
        sql.push(" and first_time >= date_trunc('month', ")
            .push_bind(instant(self.window.from))
            .push("::timestamptz, 'UTC')");
        sql.push(" and first_time < ").push_bind(instant(self.window.to));
        if let Some(may) = may(self.filter) {
            sql.push(format_args!("{indent}      and "));
            may.push(sql);
        }
        if self.is_rest_known() {
            sql.push(format_args!("{indent}      and "));
            May::Any(self.texts.iter().filter_map(|text| may(text)).collect()).push(sql);
        }
        if narrow::knows(self.filter) {
            sql.push(format_args!("{indent}      and "));
            self.push_known(sql, "segment_id", "segment_id", &[indent, "      "].concat());
        }
        if let Some(newest) = self.newest {
            sql.push(format_args!("{indent}    order by last_time desc limit ")).push_bind(newest);
        }
        sql.push(format_args!("{indent}    offset 0{indent}  "));
    }

    /// Whether events may match the filter that do not match this part.
    fn is_besides(&self, text: &Ast) -> bool {
        text != self.filter && !narrow::parts(self.filter).contains(text)
    }
}

fn has_term(ast: &Ast, target: fn(&Target) -> bool) -> bool {
    match ast {
        Ast::All => false,
        Ast::Term(term) => target(&term.target),
        Ast::Not(inner) => has_term(inner, target),
        Ast::And(parts) | Ast::Or(parts) => parts.iter().any(|part| has_term(part, target)),
    }
}

/// What a segment's sketch must have so that some text in it can match.
enum May {
    Bits(Vec<i32>),
    All(Vec<May>),
    Any(Vec<May>),
}

impl May {
    /// Postgres takes `> 0` for true of a third, which is about right, and `<> 0` for true of nearly all: several bits are not
    /// independent where a word is common.
    fn push(&self, sql: &mut QueryBuilder<Postgres>) {
        let (parts, between) = match self {
            May::Bits(bits) => {
                for (at, bit) in bits.iter().enumerate() {
                    sql.push(if at == 0 { "(get_bit(sketch, " } else { " and get_bit(sketch, " });
                    sql.push_bind(i64::from(*bit)).push(if at < TELLING_BITS { ") > 0" } else { ") <> 0" });
                }
                sql.push(")");
                return;
            }
            May::All(parts) => (parts, " and "),
            May::Any(parts) => (parts, " or "),
        };
        for (at, part) in parts.iter().enumerate() {
            sql.push(if at == 0 { "(" } else { between });
            part.push(sql);
        }
        sql.push(")");
    }
}

/// `None`: every segment can have an event that matches.
fn may(condition: &Ast) -> Option<May> {
    match condition {
        Ast::All | Ast::Not(_) => None,
        Ast::Term(term) => bits(term).map(May::Bits),
        Ast::And(parts) => {
            let parts: Vec<May> = parts.iter().filter_map(may).collect();
            (!parts.is_empty()).then_some(May::All(parts))
        }
        Ast::Or(parts) => Some(May::Any(parts.iter().map(may).collect::<Option<_>>()?)),
    }
}

fn bits(term: &Term) -> Option<Vec<i32>> {
    let mut pieces: Vec<&str> = match &term.target {
        Target::Field(_) => return None,
        Target::Path(path) => path.iter().map(String::as_str).collect(),
        Target::Event => Vec::new(),
    };
    match &term.pattern {
        Pattern::Exists | Pattern::Range(..) => {}
        Pattern::Exactly(text) => pieces.push(text),
        Pattern::Wildcard(parts) => pieces.extend(parts.iter().map(String::as_str)),
    }
    // The value's own first: they are rarer than keys. And both ends of a long one: names often have the beginning or the end in common.
    let mut chosen: Vec<i32> = Vec::new();
    for piece in pieces.into_iter().rev() {
        let mut bits: Vec<i32> = sketch::bits(piece).collect();
        bits.retain(|bit| !chosen.contains(bit));
        let room = MOST_BITS - chosen.len();
        if bits.len() > room {
            bits.drain(room / 2..bits.len() - room.div_ceil(2));
        }
        chosen.extend(bits);
    }
    let mut seen = std::collections::HashSet::new();
    chosen.retain(|bit| seen.insert(*bit));
    (!chosen.is_empty()).then_some(chosen)
}

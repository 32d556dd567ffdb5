//! Rows in the binary format of Postgres' COPY.

use std::net::IpAddr;

use sqlx::{PgConnection, postgres::PgCopyIn};

/// What a COPY begins with: the signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What it ends with: a row of -1 columns.
const TRAILER: [u8; 2] = [0xff, 0xff];
/// 2000-01-01T00:00:00Z, from where Postgres counts, in microseconds since 1970.
const EPOCH: i64 = 946_684_800_000_000;

/// Rows that were encoded; without header and trailer.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    pub bytes: Vec<u8>,
    pub count: u64,
}

impl Rows {
    /// Begins a row; exactly `columns` values must follow.
    pub fn begin(&mut self, columns: u16) {
        self.bytes.extend(columns.to_be_bytes());
        self.count += 1;
    }

    pub fn null(&mut self) {
        self.bytes.extend((-1i32).to_be_bytes());
    }

    /// A value, or null.
    pub fn option<T>(&mut self, value: Option<T>, put: impl FnOnce(&mut Rows, T)) {
        match value {
            Some(value) => put(self, value),
            None => self.null(),
        }
    }

    /// The text must be without U+0000.
    pub fn text(&mut self, text: &str) {
        self.value(text.as_bytes());
    }

    pub fn bool(&mut self, value: bool) {
        self.value(&[u8::from(value)]);
    }

    pub fn int8(&mut self, value: i64) {
        self.value(&value.to_be_bytes());
    }

    pub fn float8(&mut self, value: f64) {
        self.value(&value.to_be_bytes());
    }

    /// Microseconds since 1970.
    pub fn timestamptz(&mut self, micros: i64) {
        self.int8(micros - EPOCH);
    }

    pub fn inet(&mut self, address: IpAddr) {
        // Family (Postgres' own numbers), bits, whether it is a cidr, length of the address.
        match address {
            IpAddr::V4(v4) => self.parts(&[2, 32, 0, 4], &v4.octets()),
            IpAddr::V6(v6) => self.parts(&[3, 128, 0, 16], &v6.octets()),
        }
    }

    pub fn bytea(&mut self, bytes: &[u8]) {
        self.value(bytes);
    }

    pub fn int2(&mut self, value: i16) {
        self.value(&value.to_be_bytes());
    }

    pub fn uuid(&mut self, value: u128) {
        self.value(&value.to_be_bytes());
    }

    /// A `text[]`, with nulls; the texts must be without U+0000.
    pub fn texts<'a>(&mut self, texts: impl ExactSizeIterator<Item = Option<&'a str>> + Clone) {
        const TEXT: i32 = 25;
        let bytes = texts.clone().map(|text| text.map_or(0, str::len)).sum();
        self.array(TEXT, texts.len(), bytes);
        texts.for_each(|text| self.option(text, Rows::text));
    }

    /// A `bigint[]`, with nulls.
    pub fn int8s(&mut self, numbers: impl ExactSizeIterator<Item = Option<i64>> + Clone) {
        const INT8: i32 = 20;
        let bytes = numbers.clone().flatten().count() * size_of::<i64>();
        self.array(INT8, numbers.len(), bytes);
        numbers.for_each(|number| self.option(number, Rows::int8));
    }

    /// The head of an array of one dimension, whose elements have so many bytes together.
    fn array(&mut self, element: i32, length: usize, bytes: usize) {
        // Dimensions, whether there may be nulls, the type of an element; of the one dimension, its length and first index.
        let head = [1, 1, element, length as i32, 1];
        self.bytes.extend(((bytes + (length + head.len()) * 4) as i32).to_be_bytes());
        head.iter().for_each(|number| self.bytes.extend(number.to_be_bytes()));
    }

    fn value(&mut self, bytes: &[u8]) {
        self.parts(&[], bytes);
    }

    fn parts(&mut self, head: &[u8], tail: &[u8]) {
        // A value is at most a record of some MiB.
        self.bytes.extend(((head.len() + tail.len()) as i32).to_be_bytes());
        self.bytes.extend_from_slice(head);
        self.bytes.extend_from_slice(tail);
    }
}

/// A COPY sends what has come together when it is so much.
const PIECE: usize = 1 << 20;

/// Rows on their way by a COPY, so that there is never more than a piece of them.
pub struct Copy<'c> {
    copy: PgCopyIn<&'c mut PgConnection>,
    pub rows: Rows,
}

impl<'c> Copy<'c> {
    /// `statement`: a `COPY … FROM STDIN (FORMAT binary)`.
    pub async fn begin(connection: &'c mut PgConnection, statement: &str) -> sqlx::Result<Copy<'c>> {
        let copy = connection.copy_in_raw(statement).await?;
        Ok(Copy { copy, rows: Rows { bytes: HEADER.to_vec(), count: 0 } })
    }

    /// To be called between rows.
    pub async fn advance(&mut self) -> sqlx::Result<()> {
        if self.rows.bytes.len() >= PIECE { self.send().await } else { Ok(()) }
    }

    /// How many rows there were.
    pub async fn end(mut self) -> sqlx::Result<u64> {
        self.rows.bytes.extend(TRAILER);
        self.send().await?;
        self.copy.finish().await
    }

    async fn send(&mut self) -> sqlx::Result<()> {
        self.copy.send(self.rows.bytes.as_slice()).await?;
        self.rows.bytes.clear();
        Ok(())
    }
}

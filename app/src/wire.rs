//! JSON between server and browser, read as text: as the resources in a page are, so that the wasm holds one JSON reader
//! and not a second one for bytes.

use std::borrow::Cow;

use leptos::server_fn::{
    Bytes, ContentType, Decodes, Encodes, Format, FormatType,
    codec::{JsonEncoding, Post},
};
use serde::{Serialize, de::DeserializeOwned};

/// The encoding of server functions' answers and errors.
pub struct Text;

/// As the answer of a server function.
pub type Answer = Post<Text>;

impl ContentType for Text {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for Text {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for Text {
    type Error = serde_json::Error;

    fn encode(value: &T) -> Result<Bytes, Self::Error> {
        <JsonEncoding as Encodes<T>>::encode(value)
    }
}

impl<T: DeserializeOwned> Decodes<T> for Text {
    type Error = serde_json::Error;

    fn decode(bytes: Bytes) -> Result<T, Self::Error> {
        // JSON is UTF-8; what is not fails to parse.
        let text: Cow<'_, str> = String::from_utf8_lossy(&bytes);
        serde_json::from_str(&text)
    }
}

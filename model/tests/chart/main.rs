//! Charts as a whole: whatever the answer and the size, the picture is well-formed, inside of its frame and harmless.

mod drawing;
mod fixture;
mod hostile;
mod random;

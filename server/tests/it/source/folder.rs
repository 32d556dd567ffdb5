//! A folder that is looked at again and again.

use std::{fs::OpenOptions, io::Write, time::Duration};

use server::{
    config::source,
    ingest::source::{folder::Folder, intake::Intake},
};

use crate::{
    ingest::fixture::{gzip, records, write},
    support::database,
};

#[tokio::test]
async fn new_files_are_read_when_they_stand_still() {
    let (pool, folder) = (database().await, tempfile::tempdir().unwrap());
    let settings = source::Folder { path: folder.path().to_owned(), poll: Duration::from_millis(10) };
    let (mut source, intake) = (Folder::new(settings), Intake::new(pool.clone(), Default::default()).named("drop"));
    let events = async || sqlx::query_scalar::<_, i64>("select count(*) from event").fetch_one(&pool).await.unwrap();
    write(folder.path(), "a.json", records(0..10));
    let whole = gzip(records(10..500));
    let growing = write(folder.path(), "sub/b.json.gz", &whole[..500]);
    source.round(&intake).await.unwrap();
    assert_eq!(events().await, 0, "nobody knows yet whether they grow");
    OpenOptions::new().append(true).open(&growing).unwrap().write_all(&whole[500..]).unwrap();
    source.round(&intake).await.unwrap();
    assert_eq!(events().await, 10, "the other one has grown");
    source.round(&intake).await.unwrap();
    assert_eq!(events().await, 500);
    assert_eq!(server::store::object::list(&pool, true, 1).await.unwrap().len(), 0, "no half file was read");
    source.round(&intake).await.unwrap();
    write(folder.path(), "a.json", records(0..2_000));
    source.round(&intake).await.unwrap();
    source.round(&intake).await.unwrap();
    assert_eq!(events().await, 2_000, "a file that is written anew is read anew");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_an_error_that_names_it() {
    let settings = source::Folder { path: "/no/such/folder".into(), poll: Duration::from_secs(2) };
    let intake = Intake::new(database().await, Default::default());
    let error = Folder::new(settings).round(&intake).await.unwrap_err();
    assert!(format!("{error:#}").starts_with("folder /no/such/folder cannot be read: No such file"), "{error:#}");
}

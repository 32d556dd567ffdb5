-- The baseline: objects that were read, the events in them, and what could not be read as an event.
-- One file until 1.0; afterwards forward only.

-- Collation "C": keys are compared byte by byte, which is what ids, names and codes need, and is the fastest.

-- An object is a file, an S3 key, a pushed batch: whatever was delivered as one piece. Its URI is its identity.
create table object (
    object_id bigint generated always as identity primary key,
    uri text collate "C" not null unique,
    -- What tells one content of this URI from another: size and modification time of a file, the ETag of an S3 object.
    version text not null,
    -- done: read to its end. failed: not readable to its end, for the reason in `error`; it is tried again.
    state text not null check (state in ('done', 'failed')),
    error text,
    -- It is to be read again: somebody asked for it. Its source does it, and takes the mark away.
    retry boolean not null default false,
    -- The source of `trailmap serve --config` that read it last; null: a run of `trailmap ingest`.
    source text collate "C",
    kind text not null,
    events_read bigint not null,
    events_inserted bigint not null,
    events_duplicate bigint not null,
    events_rejected bigint not null,
    bytes_uncompressed bigint not null,
    -- Of the uncompressed content, as CloudTrail's digests have it; of log files that were read to their ends.
    sha256 bytea,
    finished_at timestamptz not null default now()
);
create index object_finished_index on object (finished_at);
create index object_failed_index on object (finished_at) where state = 'failed';

-- What many events have in common is stored once. An event refers to it by an id that follows from the content alone, so
-- that writers need not ask each other: SipHash with `hash_key`, so that nobody outside can make two contents that share
-- an id. Two that do by chance are noticed when the second is stored, and refused.
create table instance (
    hash_key uuid not null default gen_random_uuid(),
    -- What accounts that are read in the name of `limited` are sealed with.
    seal_key bytea not null default uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()),
    -- Raised by who deletes some of what writers may know to be stored: then they forget it.
    generation bigint not null default 0
);
insert into instance default values;

-- What was called.
create table action (
    action_id bigint primary key,
    event_name text collate "C",
    event_source text collate "C",
    event_type text collate "C",
    event_category text collate "C",
    read_only boolean
);

-- Where it was called.
create table scope (
    scope_id bigint primary key,
    account text collate "C",
    aws_region text collate "C"
);

-- By whom.
create table identity (
    identity_id bigint primary key,
    identity_type text collate "C",
    actor text collate "C",
    identity_account text collate "C",
    invoked_by text collate "C",
    -- Who began it as far as the event alone tells: the actor, unless that is a role. See the view `event`.
    own_origin text collate "C",
    mfa_used boolean,
    cross_account boolean
);
create index identity_actor_index on identity (actor);

-- In which session of theirs, and with which key: apart, since one role has thousands of them.
create table session (
    session_id bigint primary key,
    session text collate "C",
    actor_arn text collate "C",
    access_key text collate "C",
    source_identity text collate "C"
);
create index session_access_key_index on session (access_key);

-- From where. The id follows from the first two; the rest is what the GeoIP databases know.
create table address (
    address_id bigint primary key,
    -- As CloudTrail writes it; source_ip only where Rust's parser says that it is an address.
    source_address text collate "C",
    vpc_endpoint text collate "C",
    source_ip inet,
    country text collate "C",
    city text collate "C",
    latitude double precision,
    longitude double precision,
    time_zone text collate "C",
    as_number bigint,
    as_organisation text collate "C"
);
create index address_source_ip_index on address (source_ip);

-- With which client.
create table agent (
    agent_id bigint primary key,
    user_agent text collate "C",
    client text collate "C",
    console boolean,
    tls_version text collate "C"
);

-- How it ended.
create table result (
    result_id bigint primary key,
    -- success or failure: see `model::field::Field::Outcome`.
    outcome text collate "C" not null,
    error_code text collate "C"
);

-- What it was about: ARNs, ids and names, null rather than empty; and what was said about them where it failed.
create table target (
    target_id bigint primary key,
    resource text[] collate "C",
    error_message text collate "C"
);
create index target_resource_index on target using gin (resource);

-- Events as they were delivered, byte for byte, some at a time: neighbours resemble each other, so that they take a sixth
-- of what each would take alone. Null where an event was here already when the segment was written.
create sequence segment_id_sequence;
create table segment (
    segment_id bigint not null,
    -- Of the events in it, which are all of one month.
    first_time timestamptz not null,
    last_time timestamptz not null,
    object_id bigint[] not null,
    raw text[] not null,
    -- The same without what Postgres' json refuses (\u0000, lone surrogates); null where `raw` itself is fine, and as a whole
    -- where all of them are.
    raw_json text[],
    -- For search: with the escapes of their strings resolved, and A to Z in lower case.
    folded text[] not null,
    -- Which groups of four letters occur in them: see `server/src/store/sketch.rs`.
    sketch bytea not null,
    primary key (segment_id, first_time)
) partition by range (first_time);
alter table segment alter column raw set compression lz4;
alter table segment alter column raw_json set compression lz4;
alter table segment alter column folded set compression lz4;
alter table segment alter column object_id set compression lz4;
-- Two rows to a page, with the sketch in the row: looking through all sketches reads them one after the other. That takes a
-- setting of each partition.
alter table segment alter column sketch set storage plain;
create table segment_rest partition of segment default with (toast_tuple_target = 4080);
-- So that a search takes the newest ones first, and reads no others; an entry for 64 events.
create index segment_time_index on segment (last_time);

-- Narrow and of fixed width where most is read, since most panels read all of a range. Read through the view `event`.
-- Its ids are not declared as foreign keys: to check eight of them costs more than to store the event.
-- A partition for each month, made when its first event comes: see `server/src/store/month.rs`.
create table stored_event (
    event_time timestamptz not null,
    -- The id as a UUID: CloudTrail's own, or one that follows from an id of another form, which is then in `other_id`.
    event_key uuid not null,
    action_id bigint not null,
    scope_id bigint not null,
    identity_id bigint not null,
    session_id bigint not null,
    address_id bigint not null,
    agent_id bigint not null,
    result_id bigint not null,
    target_id bigint not null,
    segment_id bigint not null,
    -- Its place in the segment's arrays, from 1.
    ordinal smallint not null,
    request_id text collate "C",
    -- The key of the session that the event opened.
    issued_access_key text collate "C",
    -- CloudTrail's eventID (or eventId) where it is no UUID, or sha256:<hex> of the content where there is none.
    other_id text collate "C",
    primary key (event_time, event_key)
) partition by range (event_time);
create table stored_event_rest partition of stored_event default;

-- From a text that was found to its event: one at most.
create index event_segment_index on stored_event (segment_id, ordinal);

-- What was called, and by whom: most conditions name one of them.
create index event_action_index on stored_event (action_id, event_time);
create index event_identity_index on stored_event (identity_id, event_time);

-- For what is looked up wherever it is in time, or stays together in time as a session does: a few kilobytes for each megabyte
-- of events. Ids of their own are another for each event, of which 32 pages have some 1,600: with Postgres' default, made for 930,
-- one range in twelve would be read in vain.
create index event_key_index on stored_event using brin (
    event_key uuid_bloom_ops (n_distinct_per_range = 1800), request_id text_bloom_ops (n_distinct_per_range = 1800)
) with (pages_per_range = 32, autosummarize = on);
create index event_id_index on stored_event using brin (
    session_id int8_bloom_ops, address_id int8_bloom_ops, target_id int8_bloom_ops
) with (pages_per_range = 32, autosummarize = on);

-- Events counted by the hour or the day and by some of what they share: see `server/src/store/rollup.rs`. A key may have several
-- rows, which add up.
create table access_day (
    start_time timestamptz not null,
    scope_id bigint not null,
    identity_id bigint not null,
    session_id bigint not null,
    address_id bigint not null,
    result_id bigint not null,
    events bigint not null,
    first_seen timestamptz not null,
    last_seen timestamptz not null
);
create index access_day_index on access_day using brin (start_time) with (pages_per_range = 16, autosummarize = on);

create table access_hour (like access_day);
create index access_hour_index on access_hour using brin (start_time) with (pages_per_range = 16, autosummarize = on);

create table action_hour (
    start_time timestamptz not null,
    action_id bigint not null,
    result_id bigint not null,
    events bigint not null,
    first_seen timestamptz not null,
    last_seen timestamptz not null
);
create index action_hour_index on action_hour using brin (start_time) with (pages_per_range = 16, autosummarize = on);

create table action_day (
    start_time timestamptz not null,
    scope_id bigint not null,
    identity_id bigint not null,
    action_id bigint not null,
    result_id bigint not null,
    events bigint not null,
    first_seen timestamptz not null,
    last_seen timestamptz not null
);
create index action_day_index on action_day using brin (start_time) with (pages_per_range = 16, autosummarize = on);

-- What answers depend on, as numbers that only grow: each transaction that stores or changes events adds rows, for which nobody
-- waits, and sums are what counts. See `server/src/store/change.rs`.
create table change (
    -- The hour (UTC) whose events changed; null: all of them may have.
    hour timestamptz,
    changes bigint not null
);

-- A session's key, the event that issued it, and who is behind it. Written from inserted events alone.
create table credential (
    access_key text collate "C" primary key,
    event_time timestamptz not null,
    event_key uuid not null,
    -- Recorded in the account that was called from another one: there the caller is but an account. The event of the
    -- caller's own account, where it is known, is the one to keep.
    from_outside boolean not null,
    -- Of the event: with which key it was signed, and what it tells of the origin.
    parent_access_key text collate "C",
    own_origin text collate "C",
    source_identity text collate "C",
    -- The first caller of the chain of keys; null where nothing in it names one.
    origin text collate "C",
    -- Whether `origin` is that of the chain as it is stored: always, outside of a transaction of ingest.
    settled boolean not null default false
);
create index credential_parent_index on credential (parent_access_key);
create index credential_origin_index on credential (origin);
create index credential_unsettled_index on credential (access_key) where not settled;

-- The event as it is read, but for its text. A session's key is often issued by an event that arrives later (another
-- region's file, a later run), so that the origin is looked up and not stored: nothing has to be written twice. A query
-- pays for what it asks: Postgres leaves out a join whose columns nobody uses.
create view event_field with (security_invoker = true) as
select
    stored_event.event_time, stored_event.event_key,
    coalesce(other_id, stored_event.event_key::text) collate "C" as event_id,
    event_name, event_source, event_type, event_category, read_only,
    outcome, error_code, error_message,
    aws_region, account,
    actor, session.session, identity_type, actor_arn, identity_account, session.access_key, invoked_by,
    identity.own_origin, session.source_identity, mfa_used, cross_account,
    coalesce(identity.own_origin, credential.origin, session.source_identity) as origin,
    source_address, source_ip, country, city, latitude, longitude, time_zone, as_number, as_organisation, vpc_endpoint,
    user_agent, client, console, tls_version,
    resource, request_id, issued_access_key, segment_id, ordinal,
    action_id, scope_id, identity_id, session_id, address_id, agent_id, result_id, target_id
from stored_event
left join action using (action_id)
left join scope using (scope_id)
left join identity using (identity_id)
left join session using (session_id)
left join credential on credential.access_key = session.access_key
left join address using (address_id)
left join agent using (agent_id)
left join result using (result_id)
left join target using (target_id);

-- The event as it is read: its text is looked up for the rows that are shown.
create view event with (security_invoker = true) as
select
    event_field.*,
    (select raw[ordinal] from segment where segment.segment_id = event_field.segment_id) as raw,
    (select raw_json[ordinal] from segment where segment.segment_id = event_field.segment_id) as raw_json,
    (select object_id[ordinal] from segment where segment.segment_id = event_field.segment_id) as object_id
from event_field;

-- The same for reading the texts of many events: segments are read whole, each once.
create view event_text with (security_invoker = true) as
select event_field.*, delivered.raw, delivered.raw_json
from segment
cross join lateral unnest(segment.raw, segment.raw_json) with ordinality as delivered (raw, raw_json, ordinal)
join event_field on event_field.segment_id = segment.segment_id and event_field.ordinal = delivered.ordinal;

-- Readers of some accounts are asked for in a login of their own, which is shown what its transaction was opened for, whatever its
-- statements ask: see `server/src/store/reader.rs`, which makes the policies.
alter table stored_event enable row level security;
alter table scope enable row level security;
alter table access_day enable row level security;
alter table access_hour enable row level security;
alter table action_day enable row level security;
alter table action_hour enable row level security;

-- Comes before the schema of the tables on that login's search path.
create schema limited;

-- Opens a transaction for accounts, whose ids are between commas. A setting can be changed by whoever speaks to the database; the seal
-- of other accounts takes the key.
create function limited.enter(accounts text, seal text) returns void language sql volatile security definer
begin atomic
    select set_config('trailmap.accounts', accounts, true), set_config('trailmap.seal', seal, true);
end;

-- Of the accounts that the transaction was opened for; otherwise none.
create function limited.scope_ids() returns bigint[] language sql stable security definer parallel safe
begin atomic
    select array(
        select scope_id from instance, scope
        where account = any(string_to_array(current_setting('trailmap.accounts', true), ','))
          and current_setting('trailmap.seal', true) = encode(
              sha256(seal_key || sha256(seal_key || convert_to(current_setting('trailmap.accounts', true), 'UTF8'))), 'hex'
          )
    );
end;

-- An event's text. Read in the name of the owner, as a segment has events of several accounts.
create view limited.delivered with (security_barrier = true) as
select event_time, event_key, raw[ordinal] as raw, raw_json[ordinal] as raw_json, object_id[ordinal] as object_id
from stored_event join segment using (segment_id)
where scope_id = any((select limited.scope_ids())::bigint[]);

create view limited.event with (security_invoker = true) as
select
    event_field.*,
    (select raw from limited.delivered as own where own.event_time = event_field.event_time and own.event_key = event_field.event_key)
        as raw,
    (select raw_json from limited.delivered as own where own.event_time = event_field.event_time and own.event_key = event_field.event_key)
        as raw_json,
    (select object_id from limited.delivered as own where own.event_time = event_field.event_time and own.event_key = event_field.event_key)
        as object_id
from event_field;

-- A segment with the texts of its other events left out. `offset 0`: which ones these are is asked once for a segment.
create view limited.segment as
select
    segment_id, first_time, last_time, sketch,
    case when raw is not null then array(
        select case when ordinal = any(shown) then text end from unnest(raw) with ordinality as whole (text, ordinal) order by ordinal
    ) end as raw,
    case when raw_json is not null then array(
        select case when ordinal = any(shown) then text end from unnest(raw_json) with ordinality as whole (text, ordinal) order by ordinal
    ) end as raw_json,
    case when folded is not null then array(
        select case when ordinal = any(shown) then text end from unnest(folded) with ordinality as whole (text, ordinal) order by ordinal
    ) end as folded
from segment
cross join lateral (
    select array(
        select ordinal from stored_event
        where stored_event.segment_id = segment.segment_id and scope_id = any((select limited.scope_ids())::bigint[])
    ) as shown
    offset 0
) as own;

-- What could not be read as an event: kept whole, with where it stood and why.
create table rejected (
    rejected_id bigint generated always as identity primary key,
    object_id bigint not null references object on delete cascade,
    -- The how-manieth record of the object, from 0; and the byte at which it begins in the uncompressed object.
    ordinal bigint not null,
    byte_offset bigint not null,
    reason text not null,
    -- The text as far as it is UTF-8 (the rest replaced), at most 1 MiB of it.
    text text not null,
    unique (object_id, ordinal)
);

-- Dashboards that users made. Which of the versions holds is `version`; a deleted one keeps its id and can come back.
create table dashboard (
    id text collate "C" primary key,
    -- Of the version that holds, for lists.
    title text not null,
    description text not null,
    version integer not null,
    changed_at timestamptz not null default now(),
    deleted_at timestamptz
);

-- Every version that was ever saved: nothing is overwritten.
create table dashboard_version (
    id text collate "C" not null references dashboard,
    version integer not null,
    -- The dashboard as JSON, in the form of the program that saved it; older forms are understood when read.
    spec text not null,
    note text not null,
    saved_at timestamptz not null default now(),
    primary key (id, version)
);

-- What `trailmap serve --config` reads from all the time, and how it goes. A row stays when the source leaves the file.
create table source (
    name text collate "C" primary key,
    type text collate "C" not null,
    -- running: at work. waiting: for more to come, or for the next look. error: see `last_error`; it is tried again.
    -- stopped: the program was ended, or the source is no longer in the file.
    state text not null check (state in ('running', 'waiting', 'error', 'stopped')),
    last_error text,
    last_error_at timestamptz,
    -- The last time that it went through without an error.
    last_success_at timestamptz,
    -- The URI of the last object that was read.
    last_object text collate "C",
    newest_event_time timestamptz,
    objects bigint not null default 0,
    objects_failed bigint not null default 0,
    events_read bigint not null default 0,
    events_inserted bigint not null default 0,
    events_duplicate bigint not null default 0,
    events_rejected bigint not null default 0,
    -- Messages of a queue that were dealt with and deleted.
    messages bigint not null default 0,
    -- Messages that wait in its queue; null where that is not known, or where there is none.
    backlog bigint,
    -- Pieces of older time (a day's keys of an account and region, six hours of a region) that are still to be read, and how many
    -- there were when the reading began; null where nothing older is to be read.
    backfill_left bigint,
    backfill_total bigint,
    backfill_since timestamptz,
    changed_at timestamptz not null default now()
);

-- The last run of retention: one row.
create table retention (
    -- Null: there was none.
    started_at timestamptz,
    finished_at timestamptz,
    -- When `trailmap serve` runs it again.
    next_at timestamptz,
    -- What went wrong, or was left for the next run.
    error text,
    events bigint not null default 0,
    -- That were dropped as a whole.
    months integer not null default 0,
    -- On disk, of all tables.
    bytes_before bigint,
    bytes_after bigint,
    -- Events were deleted; what they shared with others was not yet looked through.
    loose_ends boolean not null default false
);
insert into retention default values;

-- How far the keys of a bucket are read: all that stand before `last_key` below this prefix are stored. Only a help: whoever loses
-- it lists more, and stores nothing twice.
create table listing_checkpoint (
    source text collate "C" not null,
    prefix text collate "C" not null,
    last_key text collate "C" not null,
    -- Listed to its end when its day was over.
    complete boolean not null,
    listed_at timestamptz not null default now(),
    primary key (source, prefix)
);

-- Stretches of time that LookupEvents was asked for to their ends.
create table lookup_checkpoint (
    source text collate "C" not null,
    region text collate "C" not null,
    category text collate "C" not null,
    from_time timestamptz not null,
    to_time timestamptz not null,
    primary key (source, region, category, from_time)
);

-- Log file integrity: digests that CloudTrail signed, or that another digest names. What is wrong with one of them is not
-- forgotten until it is found to be right.
create table digest (
    digest_id bigint generated always as identity primary key,
    uri text collate "C" not null unique,
    -- That verifies it; null: `trailmap verify --record` did.
    source text collate "C",
    account text collate "C" not null,
    aws_region text collate "C" not null,
    trail text collate "C" not null,
    home_region text collate "C" not null,
    -- Names log files that were late for the digest of their hour.
    backfill boolean not null,
    -- What it covers; where it could not be read, `end_time` is that of its name.
    start_time timestamptz,
    end_time timestamptz not null,
    -- It names none before it: logging or validation began with it.
    starts_chain boolean not null,
    -- That it names, and how many of them are not as it says, or could not be checked.
    log_files integer not null,
    log_files_failed integer not null,
    log_files_unchecked integer not null,
    -- valid: signed by CloudTrail. unchecked: its signature could not be checked. failed: it is wrong or missing.
    state text not null check (state in ('valid', 'unchecked', 'failed')),
    -- Why it is not valid: a word for scripts (`server/src/integrity/finding.rs`), and a sentence.
    finding text collate "C",
    reason text,
    checked_at timestamptz not null default now()
);
create index digest_trail_index on digest (account, aws_region, trail, end_time);
create index digest_end_index on digest (end_time);
create index digest_problem_index on digest (checked_at) where state <> 'valid';
create index digest_start_index on digest (end_time) where starts_chain;

-- Log files that digests name, and those that a digest should name.
create table log_file (
    uri text collate "C" primary key,
    -- Null: no digest names it, though those of its time are there.
    digest_id bigint references digest on delete cascade,
    -- That the digest has of the uncompressed content.
    sha256 bytea,
    -- The version, as in `object`, that was looked at; null where it was not told.
    version text collate "C",
    -- Of what lies in the bucket; what was ingested has its own hash in `object`.
    state text not null check (state in ('valid', 'unchecked', 'failed')),
    finding text collate "C",
    reason text,
    checked_at timestamptz not null default now()
);
create index log_file_digest_index on log_file (digest_id);
create index log_file_problem_index on log_file (checked_at) where state <> 'valid';

-- What digests say about an object that was ingested, and with it about each event from it: `verified`, `not_covered`,
-- `unchecked` or `failed`. What was ingested counts, whatever became of the object in the bucket since.
create view object_integrity as
select
    object_id, object.uri, digest.uri as digest, log_file.checked_at,
    case
        when log_file.uri is null then 'not_covered'
        when log_file.digest_id is null then 'failed'
        when object.sha256 <> log_file.sha256 then 'failed'
        when object.sha256 is null and log_file.state = 'failed' then 'failed'
        when log_file.state = 'unchecked' then 'unchecked'
        else 'verified'
    end as integrity,
    case
        when log_file.digest_id is null or object.sha256 is null or log_file.state = 'unchecked' then log_file.reason
        when object.sha256 <> log_file.sha256
            then 'what was ingested is not what CloudTrail delivered: its digest has another hash of it'
    end as reason
from object left join log_file using (uri) left join digest using (digest_id);

-- How the verification of a source goes.
create table verification (
    source text collate "C" primary key,
    last_error text,
    last_error_at timestamptz,
    last_success_at timestamptz,
    -- Days of an account and region that are still to be verified.
    days_left bigint not null default 0
);

-- Messages of queues that could not be dealt with, kept when they were deleted from the queue.
create table poison_message (
    poison_message_id bigint generated always as identity primary key,
    source text collate "C" not null,
    queue_url text collate "C" not null,
    message_id text collate "C" not null,
    receives integer not null,
    reason text not null,
    body text not null,
    -- It is to be dealt with again: somebody asked for it.
    retry boolean not null default false,
    kept_at timestamptz not null default now(),
    unique (queue_url, message_id)
);

-- Who may read. Apart from the tables of events: their names are taken there, and no query of events looks in here.
create schema access;

create table access.app_user (
    user_id bigint generated always as identity primary key,
    name text not null,
    -- argon2id, as a PHC string; null: not chosen yet, or the user comes from a provider.
    password text,
    -- The OpenID Connect provider that a user comes from, and who they are there. Names and addresses of mail change hands; these do not.
    issuer text collate "C",
    subject text collate "C",
    role text not null check (role in ('viewer', 'editor', 'admin')),
    -- The AWS accounts whose events the user may see; null: all.
    accounts text[] collate "C",
    disabled boolean not null default false,
    created_at timestamptz not null default now(),
    last_sign_in_at timestamptz,
    check ((issuer is null) = (subject is null) and (issuer is null or password is null)),
    unique (issuer, subject)
);
create unique index app_user_name_index on access.app_user (lower(name));

-- Secrets that are handed out are kept as their SHA-256 alone: each is 256 bits of chance, so that nobody finds one that fits.

-- A link that lets its holder choose a password, once: of a user, or of the first administrator (null).
create table access.welcome (
    secret_sha256 bytea primary key,
    user_id bigint references access.app_user on delete cascade,
    expires_at timestamptz not null
);

-- A sign-in that is under way in a browser: gone to the provider (no user yet), or waiting for a second factor.
create table access.sign_in (
    secret_sha256 bytea primary key,
    user_id bigint references access.app_user on delete cascade,
    -- Where it leads, an address of ours.
    next text not null,
    expires_at timestamptz not null
);
create index sign_in_user_index on access.sign_in (user_id);

-- One-time codes that are asked for after the password.
create table access.second_factor (
    user_id bigint primary key references access.app_user on delete cascade,
    -- Encrypted with the server's key, which is not in the database.
    secret bytea not null,
    begun_at timestamptz not null default now(),
    -- Null: no code by it was typed yet, and none is asked for.
    confirmed_at timestamptz,
    -- Codes of this half-minute and those before it are used up.
    last_step bigint not null default 0
);

-- For the day on which the telephone is gone; each once.
create table access.recovery_code (
    user_id bigint not null references access.second_factor on delete cascade,
    code_sha256 bytea not null,
    primary key (user_id, code_sha256)
);

create table access.login (
    login_id bigint generated always as identity primary key,
    user_id bigint not null references access.app_user on delete cascade,
    secret_sha256 bytea not null unique,
    -- Handed out to follow the secret, and not seen yet; and the one before, for requests that were under way.
    next_sha256 bytea unique,
    previous_sha256 bytea,
    -- When the last secret was handed out, and when it was first seen.
    renewed_at timestamptz not null default now(),
    seen_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    last_used_at timestamptz not null default now(),
    address text not null,
    user_agent text not null
);
create index login_user_index on access.login (user_id);
create index login_previous_index on access.login (previous_sha256);

-- For programs. It may do no more than its user.
create table access.api_token (
    token_id bigint generated always as identity primary key,
    user_id bigint not null references access.app_user on delete cascade,
    label text not null,
    secret_sha256 bytea not null unique,
    role text not null check (role in ('viewer', 'editor', 'admin')),
    accounts text[] collate "C",
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    last_used_at timestamptz
);
create index api_token_user_index on access.api_token (user_id);

-- What anybody sees who has the link. It sees no more than who shared it, and ends with them.
create table access.share (
    share_id bigint generated always as identity primary key,
    user_id bigint not null references access.app_user on delete cascade,
    secret_sha256 bytea not null unique,
    -- For lists: the title of what is shared, and the address that it was shared from.
    title text not null,
    address text not null,
    -- A `model::share::Share` as JSON; and the answers of then, where it is a snapshot (null: it asks anew).
    share text not null,
    snapshot text,
    accounts text[] collate "C",
    -- argon2id; null: the link is enough.
    password text,
    -- Origins whose pages may show it in a frame.
    origins text[] collate "C" not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    revoked_at timestamptz,
    views bigint not null default 0,
    last_viewed_at timestamptz,
    last_address text
);
create index share_user_index on access.share (user_id);
alter table access.share alter column share set compression lz4;
alter table access.share alter column snapshot set compression lz4;

-- Short addresses of our own pages, for whoever is signed in.
create table access.short_link (
    code text collate "C" primary key,
    address text not null,
    user_id bigint references access.app_user on delete set null,
    created_at timestamptz not null default now(),
    last_used_at timestamptz,
    unique (address)
);

-- Dashboards that are sent by themselves. They see what whoever made them may see when they are sent.
create table access.report (
    report_id bigint generated always as identity primary key,
    -- Null: that one is gone.
    user_id bigint references access.app_user on delete set null,
    title text not null,
    -- The dashboard's, with range and filter.
    address text not null,
    -- A `model::report::Schedule` as JSON.
    schedule text not null,
    recipients text[] not null,
    -- Encrypted (see `server/src/access/seal.rs`), and what may be shown of it.
    webhook bytea,
    webhook_shown text,
    -- The id of a channel of Slack.
    channel text,
    only_with_events boolean not null,
    -- Why it is not sent for now.
    paused text,
    -- Null: never again.
    next_at timestamptz,
    created_at timestamptz not null default now()
);
create index report_user_index on access.report (user_id);
create index report_next_index on access.report (next_at) where paused is null;

-- Each time that a report is sent: the key is what lets only one of several servers do it.
create table access.report_run (
    report_id bigint not null references access.report on delete cascade,
    due_at timestamptz not null,
    tries integer not null default 0,
    -- When it may be tried (again). A server that tries it moves this ahead, so that another takes over where it ends.
    try_at timestamptz,
    -- Who has it already: recipients, `webhook`, and `slack:CHANNEL`.
    done text[] not null default '{}',
    outcome text not null default 'trying' check (outcome in ('trying', 'sent', 'nothing', 'failed', 'missed')),
    said text not null default '',
    primary key (report_id, due_at)
);
create index report_run_try_index on access.report_run (try_at) where outcome = 'trying';

-- What an entry of the audit log says under a name. Names that somebody typed can have a NUL, which Postgres' texts cannot.
create function access.said(entry text, name text) returns text language sql immutable parallel safe as $$
    select replace(entry, '\u0000', '\ufffd')::jsonb ->> name
$$;
-- RFC 3339 with its zone: it is the same moment whatever the session's settings.
create function access.moment(at text) returns timestamptz language sql immutable parallel safe as $$
    select at::timestamptz
$$;

-- Who did what. Each entry's hash covers the hash before it, so that a changed or missing entry shows.
create table access.audit (
    entry_id bigint primary key,
    -- JSON, the very text that the hash is of.
    entry text not null,
    hash bytea not null,
    -- What of it panels count by, so that they need not read the JSON of all entries. Postgres derives it, and nobody can write it.
    entry_time timestamptz generated always as (access.moment(access.said(entry, 'time'))) stored,
    user_name text collate "C" generated always as (nullif(access.said(entry, 'user'), '')) stored,
    token text collate "C" generated always as (access.said(entry, 'token')) stored,
    address text collate "C" generated always as (nullif(access.said(entry, 'address'), '')) stored,
    action text collate "C" generated always as (access.said(entry, 'action')) stored,
    object text collate "C" generated always as (nullif(access.said(entry, 'object'), '')) stored,
    done boolean generated always as (access.said(entry, 'done')::boolean) stored
);
create index audit_time_index on access.audit (entry_time);

create function access.audit_stays() returns trigger language plpgsql as $$
begin
    raise exception 'the audit log is only added to';
end
$$;
create trigger audit_stays before update or delete on access.audit for each row execute function access.audit_stays();
create trigger audit_stays_whole before truncate on access.audit execute function access.audit_stays();

-- The entries as panels read them: as events, of which they have what can be said of them.
create view access.audit_event as
select
    entry_time as event_time, lpad(to_hex(entry_id), 32, '0')::uuid as event_key,
    lpad(to_hex(entry_id), 32, '0')::uuid::text collate "C" as event_id, entry_id::text collate "C" as request_id,
    action as event_name, user_name as actor, user_name as origin, user_name as own_origin, token as session,
    case when object is not null then array[object] end as resource,
    case when done then 'success' else 'failure' end collate "C" as outcome,
    nullif(access.said(entry, 'detail'), '') collate "C" as error_message,
    address as source_address,
    -- A word where nobody asked from anywhere: `terminal`, `schedule`.
    case when address ~ '^[0-9a-f]*[.:][0-9a-f.:]+$' then address::inet end as source_ip,
    replace(entry, '\u0000', '\ufffd') as raw, null::text as raw_json, lower(entry collate "C") as folded,
    null::boolean as read_only, null::boolean as mfa_used, null::boolean as cross_account, null::boolean as console,
    null::double precision as latitude, null::double precision as longitude, null::bigint as as_number,
    none as event_source, none as event_type, none as event_category, none as error_code, none as aws_region, none as account,
    none as identity_type, none as actor_arn, none as identity_account, none as access_key, none as invoked_by,
    none as source_identity, none as issued_access_key, none as country, none as city, none as time_zone,
    none as as_organisation, none as vpc_endpoint, none as user_agent, none as client, none as tls_version
from access.audit, lateral (select null::text collate "C" as none) as nothing;

-- error-figures
with partial as (
  select error_code, actor, event_source, aws_region, account, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures
  from (
    select action_id, identity_id, result_id, scope_id, count(*) as events
    from stored_event
    where event_time >= $1 and event_time < $2
      and (result_id in (select result_id from result where (outcome = $3))) is true
    group by action_id, identity_id, result_id, scope_id
  ) as summed
  left join action using (action_id)
  left join identity using (identity_id)
  left join result using (result_id)
  left join scope using (scope_id)
  group by error_code, actor, event_source, aws_region, account
)
select coalesce(sum(failures), 0)::bigint as failures, count(distinct error_code) as distinct_error_code, count(distinct actor) as actors, count(distinct event_source) as distinct_event_source, count(distinct aws_region) as aws_regions, count(distinct account) as accounts, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial

-- error-figures before
with partial as (
  select error_code, actor, event_source, aws_region, account, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures
  from (
    select action_id, identity_id, result_id, scope_id, count(*) as events
    from stored_event
    where event_time >= $1 and event_time < $2
      and (result_id in (select result_id from result where (outcome = $3))) is true
    group by action_id, identity_id, result_id, scope_id
  ) as summed
  left join action using (action_id)
  left join identity using (identity_id)
  left join result using (result_id)
  left join scope using (scope_id)
  group by error_code, actor, event_source, aws_region, account
)
select coalesce(sum(failures), 0)::bigint as failures, count(distinct error_code) as distinct_error_code, count(distinct actor) as actors, count(distinct event_source) as distinct_event_source, count(distinct aws_region) as aws_regions, count(distinct account) as accounts, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial

-- error-figures timeline
with partial as (
  select bucket, error_code, actor, event_source, aws_region, account, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures
  from (
    select date_bin($1, event_time, 'epoch') as bucket, action_id, identity_id, result_id, scope_id, count(*) as events
    from stored_event
    where event_time >= $2 and event_time < $3
      and (result_id in (select result_id from result where (outcome = $4))) is true
    group by action_id, identity_id, result_id, scope_id, bucket
  ) as summed
  left join action using (action_id)
  left join identity using (identity_id)
  left join result using (result_id)
  left join scope using (scope_id)
  group by bucket, error_code, actor, event_source, aws_region, account
)
select bucket as event_time, coalesce(sum(failures), 0)::bigint as failures, count(distinct error_code) as distinct_error_code, count(distinct actor) as actors, count(distinct event_source) as distinct_event_source, count(distinct aws_region) as aws_regions, count(distinct account) as accounts, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by bucket
order by 1

-- error-rate
with partial as (
  select bucket, event_source, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures
  from (
    select date_bin($1, event_time, 'epoch') as bucket, action_id, result_id, count(*) as events
    from stored_event
    where event_time >= $2 and event_time < $3
    group by action_id, result_id, bucket
  ) as summed
  left join action using (action_id)
  left join result using (result_id)
  group by bucket, event_source
),
totalled as (
  select *, sum(events) over (partition by event_source) as group_events
  from partial
),
ranked as (
  select *, dense_rank() over (order by event_source is null, group_events desc, event_source) as place
  from totalled
),
marked as (
  select *, not (event_source is null) and place > $4 as other
  from ranked
),
labelled as (
  select *, case when not other then event_source end as group_0
  from marked
)
select bucket as event_time, group_0 as event_source, (sum(failures) / nullif(sum(events), 0))::double precision as error_rate, other, coalesce(sum(sum(events)) over (), 0)::bigint as total
from labelled
group by bucket, group_0, other
order by 1, other, 2

-- access-denied
with partial as (
  select actor, event_name, coalesce(sum(summed.events), 0)::bigint as events
  from (
    select action_id, identity_id, count(*) as events
    from stored_event
    where event_time >= $1 and event_time < $2
      and (result_id in (select result_id from result where ((error_code like $3 or error_code like $4 or error_code = $5 or error_code = $6 or error_code = $7)))) is true
    group by action_id, identity_id
  ) as summed
  left join action using (action_id)
  left join identity using (identity_id)
  group by actor, event_name
),
summed as (
  select actor, event_name, coalesce(sum(events), 0)::bigint as events, sum(events) as pair_events, coalesce(sum(sum(events)) over (), 0)::bigint as total
  from partial
  group by actor, event_name
),
totalled as (
  select *, (sum(pair_events) over (partition by actor))::bigint as group_events, sum(pair_events) over (partition by event_name) as other_events
  from summed
),
placed as (
  select *, dense_rank() over (order by group_events desc, actor) as outer_place, dense_rank() over (order by other_events desc, event_name) as inner_place
  from totalled
),
fitting as (
  select *, outer_place <= $8 and inner_place <= $9 as fits
  from placed
),
told as (
  select *, not bool_and(fits) over () as cut
  from fitting
)
select actor, event_name, events, total, cut
from told
where fits
order by outer_place, inner_place

-- denied-calls
with partial as (
  select actor, event_source, event_name, error_code, source_ip, coalesce(sum(summed.events), 0)::bigint as events, min(summed.first_seen) as first_seen, max(summed.last_seen) as last_seen
  from (
    select action_id, address_id, identity_id, result_id, count(*) as events, min(event_time) as first_seen, max(event_time) as last_seen
    from stored_event
    where event_time >= $1 and event_time < $2
      and (result_id in (select result_id from result where ((error_code like $3 or error_code like $4 or error_code = $5 or error_code = $6 or error_code = $7)))) is true
    group by action_id, address_id, identity_id, result_id
  ) as summed
  left join action using (action_id)
  left join address using (address_id)
  left join identity using (identity_id)
  left join result using (result_id)
  group by actor, event_source, event_name, error_code, source_ip
)
select actor, event_source, event_name, error_code, coalesce(sum(events), 0)::bigint as events, count(source_ip) as source_ips, min(first_seen) as first_seen, max(last_seen) as last_seen, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by actor, event_source, event_name, error_code
order by 5 desc nulls last, 1, 2, 3, 4
limit $8

-- throttling
with partial as (
  select event_source, event_name, actor, coalesce(sum(summed.events), 0)::bigint as events
  from (
    select action_id, identity_id, count(*) as events
    from stored_event
    where event_time >= $1 and event_time < $2
      and (result_id in (select result_id from result where ((error_code like $3 or error_code like $4 or error_code like $5 or error_code = $6 or error_code like $7 or error_code like $8)))) is true
    group by action_id, identity_id
  ) as summed
  left join action using (action_id)
  left join identity using (identity_id)
  group by event_source, event_name, actor
),
summed as (
  select event_source, event_name, coalesce(sum(events), 0)::bigint as events, count(actor) as actors, sum(events) as pair_events, coalesce(sum(sum(events)) over (), 0)::bigint as total
  from partial
  group by event_source, event_name
),
totalled as (
  select *, (sum(pair_events) over (partition by event_source))::bigint as group_events, sum(pair_events) over (partition by event_name) as other_events
  from summed
),
placed as (
  select *, dense_rank() over (order by group_events desc, event_source) as outer_place, row_number() over (partition by event_source order by events desc nulls last, event_name) as inner_place
  from totalled
),
fitting as (
  select *, outer_place <= $9 and inner_place <= $10 as fits
  from placed
),
told as (
  select *, not bool_and(fits) over () as cut
  from fitting
)
select event_source, event_name, events, actors, group_events, total, cut
from told
where fits
order by outer_place, inner_place

-- failing-services
with partial as (
  select event_source, error_code, actor, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures, max(summed.last_seen) as last_seen
  from (
    select action_id, identity_id, result_id, count(*) as events, max(event_time) as last_seen
    from stored_event
    where event_time >= $1 and event_time < $2
      and (action_id in (select action_id from action where (event_source is not null))) is true
    group by action_id, identity_id, result_id
  ) as summed
  left join action using (action_id)
  left join identity using (identity_id)
  left join result using (result_id)
  group by event_source, error_code, actor
)
select event_source, coalesce(sum(failures), 0)::bigint as failures, (sum(failures) / nullif(sum(events), 0))::double precision as error_rate, count(distinct error_code) as distinct_error_code, count(distinct actor) as actors, max(last_seen) as last_seen, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by event_source
order by 2 desc nulls last, 1
limit $3

-- failing-actors
with partial as (
  select actor, source_ip, error_code, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures, max(summed.last_seen) as last_seen
  from (
    select address_id, identity_id, result_id, sum(events)::bigint as events, max(last_seen) as last_seen
    from access_hour
    where start_time >= $1 and start_time < $2
      and (result_id in (select result_id from result where (outcome = $3))) is true
    group by address_id, identity_id, result_id
  ) as summed
  left join address using (address_id)
  left join identity using (identity_id)
  left join result using (result_id)
  group by actor, source_ip, error_code
)
select actor, coalesce(sum(failures), 0)::bigint as failures, count(distinct source_ip) as source_ips, (array_agg(error_code order by error_code_events desc, error_code) filter (where error_code is not null))[1] as most_frequent_error_code, max(last_seen) as last_seen, coalesce(sum(sum(events)) over (), 0)::bigint as total
from (select *, sum(events) over (partition by actor, error_code) as error_code_events from partial) as partial
group by actor
order by 2 desc nulls last, 1
limit $4

-- error-messages
with partial as (
  select error_code, error_message, actor, coalesce(sum(summed.events), 0)::bigint as events, max(summed.last_seen) as last_seen
  from (
    select identity_id, result_id, target_id, count(*) as events, max(event_time) as last_seen
    from stored_event
    where event_time >= $1 and event_time < $2
      and (result_id in (select result_id from result where (outcome = $3))) is true
    group by identity_id, result_id, target_id
  ) as summed
  left join identity using (identity_id)
  left join result using (result_id)
  left join target using (target_id)
  group by error_code, error_message, actor
)
select error_code, error_message, coalesce(sum(events), 0)::bigint as events, count(actor) as actors, max(last_seen) as last_seen, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by error_code, error_message
order by 3 desc nulls last, 1, 2
limit $4

-- recent-failures
select event_time, actor, session, coalesce(own_origin, (select origin from credential where access_key = event.access_key), source_identity) as origin, event_name, event_source, outcome, error_code, source_address, host(source_ip) collate "C" as source_ip, country, aws_region, account, event_id
from event
where event_time >= $1 and event_time < $2
  and (result_id in (select result_id from result where (outcome = $3))) is true
order by event_time desc, event_key desc
limit $4

-- recent-failures total
with partial as (
  select coalesce(sum(summed.events), 0)::bigint as events
  from (
    select sum(events)::bigint as events
    from access_hour
    where start_time >= $1 and start_time < $2
      and (result_id in (select result_id from result where (outcome = $3))) is true
  ) as summed
)
select coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
-- key-figures
with partial as (
  select actor, source_ip, country, account, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures
  from (
    select address_id, identity_id, result_id, scope_id, sum(events)::bigint as events
    from access_hour
    where start_time >= $1 and start_time < $2
    group by address_id, identity_id, result_id, scope_id
  ) as summed
  left join address using (address_id)
  left join identity using (identity_id)
  left join result using (result_id)
  left join scope using (scope_id)
  group by actor, source_ip, country, account
)
select coalesce(sum(events), 0)::bigint as events, (sum(failures) / nullif(sum(events), 0))::double precision as error_rate, count(distinct actor) as actors, count(distinct source_ip) as source_ips, count(distinct country) as countries, count(distinct account) as accounts, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial

-- key-figures before
with partial as (
  select actor, source_ip, country, account, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures
  from (
    select address_id, identity_id, result_id, scope_id, sum(events)::bigint as events
    from access_hour
    where start_time >= $1 and start_time < $2
    group by address_id, identity_id, result_id, scope_id
  ) as summed
  left join address using (address_id)
  left join identity using (identity_id)
  left join result using (result_id)
  left join scope using (scope_id)
  group by actor, source_ip, country, account
)
select coalesce(sum(events), 0)::bigint as events, (sum(failures) / nullif(sum(events), 0))::double precision as error_rate, count(distinct actor) as actors, count(distinct source_ip) as source_ips, count(distinct country) as countries, count(distinct account) as accounts, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial

-- key-figures timeline
with partial as (
  select bucket, actor, source_ip, country, account, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures
  from (
    select date_bin($1, event_time, 'epoch') as bucket, address_id, identity_id, result_id, scope_id, count(*) as events
    from stored_event
    where event_time >= $2 and event_time < $3
    group by address_id, identity_id, result_id, scope_id, bucket
  ) as summed
  left join address using (address_id)
  left join identity using (identity_id)
  left join result using (result_id)
  left join scope using (scope_id)
  group by bucket, actor, source_ip, country, account
)
select bucket as event_time, coalesce(sum(events), 0)::bigint as events, (sum(failures) / nullif(sum(events), 0))::double precision as error_rate, count(distinct actor) as actors, count(distinct source_ip) as source_ips, count(distinct country) as countries, count(distinct account) as accounts, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by bucket
order by 1

-- access-map
with partial as (
  select country, actor, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures
  from (
    select address_id, identity_id, result_id, sum(events)::bigint as events
    from access_hour
    where start_time >= $1 and start_time < $2
      and (address_id in (select address_id from address where (source_ip is not null))) is true
    group by address_id, identity_id, result_id
  ) as summed
  left join address using (address_id)
  left join identity using (identity_id)
  left join result using (result_id)
  group by country, actor
)
select country, coalesce(sum(events), 0)::bigint as events, count(actor) as actors, coalesce(sum(failures), 0)::bigint as failures, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by country
order by 2 desc nulls last, 1
limit $3

-- access-map cities
with partial as (
  select country, city, latitude, longitude, actor, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures
  from (
    select address_id, identity_id, result_id, sum(events)::bigint as events
    from access_hour
    where start_time >= $1 and start_time < $2
      and (address_id in (select address_id from address where (source_ip is not null) and (latitude is not null))) is true
    group by address_id, identity_id, result_id
  ) as summed
  left join address using (address_id)
  left join identity using (identity_id)
  left join result using (result_id)
  group by country, city, latitude, longitude, actor
)
select country, city, latitude, longitude, coalesce(sum(events), 0)::bigint as events, count(actor) as actors, coalesce(sum(failures), 0)::bigint as failures, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by country, city, latitude, longitude
order by 5 desc nulls last, 1, 2, 3, 4
limit $3

-- access-map flows
with partial as (
  select country, aws_region, coalesce(sum(summed.events), 0)::bigint as events
  from (
    select address_id, scope_id, sum(events)::bigint as events
    from access_hour
    where start_time >= $1 and start_time < $2
      and (address_id in (select address_id from address where (source_ip is not null) and (country is not null))) is true
    group by address_id, scope_id
  ) as summed
  left join address using (address_id)
  left join scope using (scope_id)
  group by country, aws_region
)
select country, aws_region, coalesce(sum(events), 0)::bigint as events, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by country, aws_region
order by 3 desc nulls last, 1, 2
limit $3

-- events-by-outcome
with partial as (
  select bucket, outcome, coalesce(sum(summed.events), 0)::bigint as events
  from (
    select date_bin($1, event_time, 'epoch') as bucket, result_id, count(*) as events
    from stored_event
    where event_time >= $2 and event_time < $3
    group by result_id, bucket
  ) as summed
  left join result using (result_id)
  group by bucket, outcome
),
totalled as (
  select *, sum(events) over (partition by outcome) as group_events
  from partial
),
ranked as (
  select *, dense_rank() over (order by outcome is null, group_events desc, outcome) as place
  from totalled
),
marked as (
  select *, not (outcome is null) and place > $4 as other
  from ranked
),
labelled as (
  select *, case when not other then outcome end as group_0
  from marked
)
select bucket as event_time, group_0 as outcome, coalesce(sum(events), 0)::bigint as events, other, coalesce(sum(sum(events)) over (), 0)::bigint as total
from labelled
group by bucket, group_0, other
order by 1, other, 2

-- events-by-name
with partial as (
  select bucket, event_name, coalesce(sum(summed.events), 0)::bigint as events
  from (
    select date_bin($1, event_time, 'epoch') as bucket, action_id, count(*) as events
    from stored_event
    where event_time >= $2 and event_time < $3
    group by action_id, bucket
  ) as summed
  left join action using (action_id)
  group by bucket, event_name
),
totalled as (
  select *, sum(events) over (partition by event_name) as group_events
  from partial
),
ranked as (
  select *, dense_rank() over (order by event_name is null, group_events desc, event_name) as place
  from totalled
),
marked as (
  select *, not (event_name is null) and place > $4 as other
  from ranked
),
labelled as (
  select *, case when not other then event_name end as group_0
  from marked
)
select bucket as event_time, group_0 as event_name, coalesce(sum(events), 0)::bigint as events, other, coalesce(sum(sum(events)) over (), 0)::bigint as total
from labelled
group by bucket, group_0, other
order by 1, other, 2

-- sign-ins
with partial as (
  select bucket, outcome, coalesce(sum(summed.events), 0)::bigint as events
  from (
    select date_bin($1, event_time, 'epoch') as bucket, result_id, count(*) as events
    from stored_event
    where event_time >= $2 and event_time < $3
      and action_id = any(array(select action_id from action where (event_source = $4) and (event_name = $5)))
    group by result_id, bucket
  ) as summed
  left join result using (result_id)
  group by bucket, outcome
),
totalled as (
  select *, sum(events) over (partition by outcome) as group_events
  from partial
),
ranked as (
  select *, dense_rank() over (order by outcome is null, group_events desc, outcome) as place
  from totalled
),
marked as (
  select *, not (outcome is null) and place > $6 as other
  from ranked
),
labelled as (
  select *, case when not other then outcome end as group_0
  from marked
)
select bucket as event_time, group_0 as outcome, coalesce(sum(events), 0)::bigint as events, other, coalesce(sum(sum(events)) over (), 0)::bigint as total
from labelled
group by bucket, group_0, other
order by 1, other, 2

-- sign-ins-by-region
with partial as (
  select country, aws_region, actor, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures
  from (
    select address_id, identity_id, result_id, scope_id, count(*) as events
    from stored_event
    where event_time >= $1 and event_time < $2
      and action_id = any(array(select action_id from action where (event_source = $3) and (event_name = $4)))
    group by address_id, identity_id, result_id, scope_id
  ) as summed
  left join address using (address_id)
  left join identity using (identity_id)
  left join result using (result_id)
  left join scope using (scope_id)
  group by country, aws_region, actor
)
select country, aws_region, coalesce(sum(events), 0)::bigint as events, coalesce(sum(events - failures), 0)::bigint as successes, coalesce(sum(failures), 0)::bigint as failures, count(actor) as actors, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by country, aws_region
order by 3 desc nulls last, 1, 2
limit $5

-- top-console-users
with partial as (
  select actor, source_ip, country, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures, max(summed.last_seen) as last_seen
  from (
    select address_id, identity_id, result_id, count(*) as events, max(event_time) as last_seen
    from stored_event
    where event_time >= $1 and event_time < $2
      and action_id = any(array(select action_id from action where (event_source = $3) and (event_name = $4)))
    group by address_id, identity_id, result_id
  ) as summed
  left join address using (address_id)
  left join identity using (identity_id)
  left join result using (result_id)
  group by actor, source_ip, country
)
select actor, coalesce(sum(events), 0)::bigint as events, coalesce(sum(events - failures), 0)::bigint as successes, coalesce(sum(failures), 0)::bigint as failures, count(distinct source_ip) as source_ips, count(distinct country) as countries, max(last_seen) as last_seen, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by actor
order by 2 desc nulls last, 1
limit $5

-- source-addresses
with partial as (
  select source_ip, country, as_organisation, actor, coalesce(sum(summed.events), 0)::bigint as events, coalesce(sum(summed.events) filter (where outcome = 'failure'), 0)::bigint as failures, min(summed.first_seen) as first_seen, max(summed.last_seen) as last_seen
  from (
    select address_id, identity_id, result_id, sum(events)::bigint as events, min(first_seen) as first_seen, max(last_seen) as last_seen
    from access_hour
    where start_time >= $1 and start_time < $2
      and (address_id in (select address_id from address where (source_ip is not null))) is true
    group by address_id, identity_id, result_id
  ) as summed
  left join address using (address_id)
  left join identity using (identity_id)
  left join result using (result_id)
  group by source_ip, country, as_organisation, actor
)
select host(source_ip) collate "C" as source_ip, country, as_organisation, coalesce(sum(events), 0)::bigint as events, count(actor) as actors, coalesce(sum(failures), 0)::bigint as failures, min(first_seen) as first_seen, max(last_seen) as last_seen, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by source_ip, country, as_organisation
order by 4 desc nulls last, 1, 2, 3
limit $3

-- errors
with partial as (
  select error_code, actor, error_message, coalesce(sum(summed.events), 0)::bigint as events, max(summed.last_seen) as last_seen
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
  group by error_code, actor, error_message
)
select error_code, coalesce(sum(events), 0)::bigint as events, count(distinct actor) as actors, (array_agg(error_message order by error_message_events desc, error_message) filter (where error_message is not null))[1] as error_message, max(last_seen) as last_seen, coalesce(sum(sum(events)) over (), 0)::bigint as total
from (select *, sum(events) over (partition by error_code, error_message) as error_message_events from partial) as partial
group by error_code
order by 2 desc nulls last, 1
limit $4

-- errors timeline
with partial as (
  select bucket, error_code, coalesce(sum(summed.events), 0)::bigint as events
  from (
    select date_bin($1, event_time, 'epoch') as bucket, result_id, count(*) as events
    from stored_event
    where event_time >= $2 and event_time < $3
      and (result_id in (select result_id from result where (outcome = $4))) is true
    group by result_id, bucket
  ) as summed
  left join result using (result_id)
  group by bucket, error_code
),
totalled as (
  select *, sum(events) over (partition by error_code) as group_events
  from partial
),
ranked as (
  select *, dense_rank() over (order by error_code is null, group_events desc, error_code) as place
  from totalled
),
marked as (
  select *, not (error_code is null) and place > $5 as other
  from ranked
),
labelled as (
  select *, case when not other then error_code end as group_0
  from marked
)
select bucket as event_time, group_0 as error_code, coalesce(sum(events), 0)::bigint as events, other, coalesce(sum(sum(events)) over (), 0)::bigint as total
from labelled
group by bucket, group_0, other
order by 1, other, 2

-- recent-events
select event_time, actor, session, coalesce(own_origin, (select origin from credential where access_key = event.access_key), source_identity) as origin, event_name, event_source, outcome, error_code, source_address, host(source_ip) collate "C" as source_ip, country, aws_region, account, event_id
from event
where event_time >= $1 and event_time < $2
  and (action_id in (select action_id from action where (((read_only = $3) is not true)))) is true
order by event_time desc, event_key desc
limit $4

-- recent-events total
with partial as (
  select coalesce(sum(summed.events), 0)::bigint as events
  from (
    select sum(events)::bigint as events
    from action_hour
    where start_time >= $1 and start_time < $2
      and (action_id in (select action_id from action where (((read_only = $3) is not true)))) is true
  ) as summed
)
select coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
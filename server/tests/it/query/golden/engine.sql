-- order, share, distinct, change
with partial as (
  select actor, session, coalesce(sum(summed.events), 0)::bigint as events
  from (
    select identity_id, session_id, events
    from access_hour
    where start_time >= $1 and start_time < $2
  ) as summed
  left join identity using (identity_id)
  left join session using (session_id)
  group by actor, session
),
before as (
  select actor, coalesce(sum(summed.events), 0)::bigint as events
  from (
    select identity_id, session_id, events
    from access_hour
    where start_time >= $3 and start_time < $4
  ) as summed
  left join identity using (identity_id)
  left join session using (session_id)
  group by actor
)
select actor, coalesce(sum(events), 0)::bigint as events, (sum(events) / nullif(sum(sum(events)) over (), 0))::double precision as share, count(session) as distinct_session, (sum(events) / nullif((
    select sum(own.events) from before as own where true
      and own.actor is not distinct from partial.actor
  ), 0) - 1)::double precision as change, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by actor
order by 5 desc nulls last, 1
limit $5

-- parts
with partial as (
  select event_source, event_name, coalesce(sum(summed.events), 0)::bigint as events
  from (
    select action_id, sum(events)::bigint as events
    from action_hour
    where start_time >= $1 and start_time < $2
    group by action_id
  ) as summed
  left join action using (action_id)
  group by event_source, event_name
),
summed as (
  select event_source, event_name, coalesce(sum(events), 0)::bigint as events, sum(events) as pair_events, coalesce(sum(sum(events)) over (), 0)::bigint as total
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
  select *, outer_place <= $3 and inner_place <= $4 as fits
  from placed
),
told as (
  select *, not bool_and(fits) over () as cut
  from fitting
)
select event_source, event_name, events, group_events, total, cut
from told
where fits
order by outer_place, inner_place

-- heat map
with partial as (
  select weekday, hour, coalesce(sum(summed.events), 0)::bigint as events
  from (
    select extract(isodow from start_time at time zone 'UTC')::bigint as weekday, extract(hour from start_time at time zone 'UTC')::bigint as hour, sum(events)::bigint as events
    from access_hour
    where start_time >= $1 and start_time < $2
    group by weekday, hour
  ) as summed
  group by weekday, hour
),
summed as (
  select weekday, hour, coalesce(sum(events), 0)::bigint as events, sum(events) as pair_events, coalesce(sum(sum(events)) over (), 0)::bigint as total
  from partial
  group by weekday, hour
),
totalled as (
  select *, (sum(pair_events) over (partition by weekday))::bigint as group_events, sum(pair_events) over (partition by hour) as other_events
  from summed
),
placed as (
  select *, dense_rank() over (order by group_events desc, weekday) as outer_place, dense_rank() over (order by other_events desc, hour) as inner_place
  from totalled
),
fitting as (
  select *, outer_place <= $3 and inner_place <= $4 as fits
  from placed
),
told as (
  select *, not bool_and(fits) over () as cut
  from fitting
)
select weekday, hour, events, total, cut
from told
where fits
order by outer_place, inner_place

-- classes
with partial as (
  select bucket, case when event_name = any($1) then 0 when actor = $2 then 1 when event_name like $3 then 2 end as class_at, coalesce(sum(summed.events), 0)::bigint as events
  from (
    select date_bin($4, event_time, 'epoch') as bucket, action_id, identity_id, count(*) as events
    from stored_event
    where event_time >= $5 and event_time < $6
    group by action_id, identity_id, bucket
  ) as summed
  left join action using (action_id)
  left join identity using (identity_id)
  group by bucket, class_at
),
totalled as (
  select *, sum(events) over (partition by class_at) as group_events
  from partial
),
ranked as (
  select *, dense_rank() over (order by class_at is null, group_events desc, class_at) as place
  from totalled
),
marked as (
  select *, not (class_at is null) and place > $7 as other
  from ranked
),
labelled as (
  select *, case when not other then class_at end as group_0
  from marked
)
select bucket as event_time, ($8::text[])[group_0 + 1] as class, coalesce(sum(events), 0)::bigint as events, other, coalesce(sum(sum(events)) over (), 0)::bigint as total
from labelled
group by bucket, group_0, other
order by 1, other, 2

-- resources
with partial as (
  select resource, coalesce(sum(summed.events), 0)::bigint as events, sum(summed.events) filter (where is_first) as whole
  from (
    select unnest(coalesce(resource, '{null}')) as resource, unnest(array[true]) as is_first, summed.events
    from (
      select target_id, count(*) as events
      from stored_event
      where event_time >= $1 and event_time < $2
      group by target_id
    ) as summed
    left join target using (target_id)
  ) as summed
  group by resource
)
select resource, coalesce(sum(events), 0)::bigint as events, (sum(events) / nullif(sum(sum(whole)) over (), 0))::double precision as share, coalesce(sum(sum(whole)) over (), 0)::bigint as total
from partial
group by resource
order by 2 desc nulls last, 1
limit $3

-- distinct resources
with partial as (
  select actor, resource, coalesce(sum(summed.events), 0)::bigint as events
  from (
    select identity_id, target_id, count(*) as events
    from stored_event
    where event_time >= $1 and event_time < $2
    group by identity_id, target_id
  ) as summed
  left join identity using (identity_id)
  left join target using (target_id)
  group by actor, resource
)
select actor, (
    select count(distinct element) from partial as own, unnest(own.resource) as element where true
      and own.actor is not distinct from partial.actor
  ) as distinct_resource, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by actor
order by 2 desc nulls last, 1
limit $3
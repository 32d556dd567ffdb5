-- network-figures
with partial as (
  select source_ip, country, city, aws_region, vpc_endpoint, count(*) as events, count(*) filter (where outcome = 'failure') as failures
  from event
  where event_time >= $1 and event_time < $2
    and (true)
  group by source_ip, country, city, aws_region, vpc_endpoint
)
select count(distinct source_ip) as source_ips, count(distinct country) as countries, count(distinct city) as distinct_city, count(distinct aws_region) as aws_regions, count(distinct vpc_endpoint) as distinct_vpc_endpoint, (sum(failures) / nullif(sum(events), 0))::double precision as error_rate, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial

-- network-figures before
with partial as (
  select source_ip, country, city, aws_region, vpc_endpoint, count(*) as events, count(*) filter (where outcome = 'failure') as failures
  from event
  where event_time >= $1 and event_time < $2
    and (true)
  group by source_ip, country, city, aws_region, vpc_endpoint
)
select count(distinct source_ip) as source_ips, count(distinct country) as countries, count(distinct city) as distinct_city, count(distinct aws_region) as aws_regions, count(distinct vpc_endpoint) as distinct_vpc_endpoint, (sum(failures) / nullif(sum(events), 0))::double precision as error_rate, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial

-- network-figures timeline
with partial as (
  select date_bin($1, event_time, 'epoch') as bucket, source_ip, country, city, aws_region, vpc_endpoint, count(*) as events, count(*) filter (where outcome = 'failure') as failures
  from event
  where event_time >= $2 and event_time < $3
    and (true)
  group by bucket, source_ip, country, city, aws_region, vpc_endpoint
)
select bucket as event_time, count(distinct source_ip) as source_ips, count(distinct country) as countries, count(distinct city) as distinct_city, count(distinct aws_region) as aws_regions, count(distinct vpc_endpoint) as distinct_vpc_endpoint, (sum(failures) / nullif(sum(events), 0))::double precision as error_rate, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by bucket
order by 1

-- regions
with partial as (
  select aws_region, event_source, actor, count(*) as events, count(*) filter (where outcome = 'failure') as failures, max(event_time) as last_seen
  from event
  where event_time >= $1 and event_time < $2
    and (true)
  group by aws_region, event_source, actor
)
select aws_region, coalesce(sum(events), 0)::bigint as events, count(distinct event_source) as distinct_event_source, count(distinct actor) as actors, coalesce(sum(failures), 0)::bigint as failures, max(last_seen) as last_seen, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by aws_region
order by 2 desc nulls last, 1
limit $3

-- network-exposure
with partial as (
  select case when ((event_name = $1 and (((strpos(raw, $2) > 0 or strpos(raw, '\u') > 0) and exists (select from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $3 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $4 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $5 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $6 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $7 as v from (select coalesce(raw_json, raw)::json -> $8 as v offset 0) as step) as step) as step) as step) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' = $9)) or ((strpos(raw, $10) > 0 or strpos(raw, '\u') > 0) and exists (select from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $11 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $12 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $13 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $14 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $15 as v from (select coalesce(raw_json, raw)::json -> $16 as v offset 0) as step) as step) as step) as step) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' = $17)) or ((strpos(raw, $18) > 0 or strpos(raw, '\u') > 0) and exists (select from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $19 as v from (select coalesce(raw_json, raw)::json -> $20 as v offset 0) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' = $21)))) or (event_name = $22 and (((strpos(raw, $23) > 0 or strpos(raw, '\u') > 0) and exists (select from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $24 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $25 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $26 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $27 as v from (select coalesce(raw_json, raw)::json -> $28 as v offset 0) as step) as step) as step) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' = $29)) or ((strpos(raw, $30) > 0 or strpos(raw, '\u') > 0) and exists (select from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $31 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $32 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $33 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $34 as v from (select coalesce(raw_json, raw)::json -> $35 as v offset 0) as step) as step) as step) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' = $36)))) or (event_name = any($37) and ((strpos(raw, $38) > 0 and strpos(raw, $39) > 0 or strpos(raw, '\u') > 0) and exists (select from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $40 as v from (select coalesce(raw_json, raw)::json -> $41 as v offset 0) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' = $42)) and ((strpos(raw, $43) > 0 and strpos(raw, $44) > 0 or strpos(raw, '\u') > 0) and exists (select from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $45 as v from (select coalesce(raw_json, raw)::json -> $46 as v offset 0) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' = $47)) and (((strpos(raw, $48) > 0 or strpos(raw, '\u') > 0) and exists (select from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $49 as v from (select coalesce(raw_json, raw)::json -> $50 as v offset 0) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' = $51)) or ((strpos(raw, $52) > 0 or strpos(raw, '\u') > 0) and exists (select from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $53 as v from (select coalesce(raw_json, raw)::json -> $54 as v offset 0) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' = $55))))) then 0 when event_name = any($56) then 1 when event_name = any($57) then 2 when (event_name = $58 or event_name = $59 or event_name = $60 or event_name = $61 or event_name = $62 or event_name = $63 or event_name = $64 or event_name = $65 or event_name = $66 or event_name = $67 or event_name like $68) then 3 when event_name = any($69) then 4 when event_name = any($70) then 5 end as class_at, event_name, unnest(coalesce(resource, '{null}')) as resource, actor, count(*) as events, max(event_time) as last_seen
  from event
  where event_time >= $71 and event_time < $72
    and ((event_source = $73 and outcome = $74 and (event_name = $75 or event_name = $76 or event_name = $77 or event_name = $78 or event_name = $79 or event_name = $80 or event_name = $81 or event_name = $82 or event_name = $83 or event_name = $84 or event_name = $85 or event_name = $86 or event_name = $87 or event_name = $88 or event_name = $89 or event_name = $90 or event_name = $91 or event_name = $92 or event_name = $93 or event_name = $94 or event_name = $95 or event_name = $96 or event_name = $97 or event_name like $98 or event_name = $99 or event_name = $100 or event_name = $101 or event_name = $102 or event_name = $103 or event_name = $104 or event_name = $105 or event_name = $106 or event_name = $107 or event_name = $108 or event_name = $109 or event_name = $110 or event_name = $111 or event_name = $112 or event_name = $113 or event_name = $114 or event_name = $115 or event_name = $116 or event_name = $117 or event_name = $118 or event_name = $119)))
  group by class_at, event_name, unnest(coalesce(resource, '{null}')), actor
),
whole as (
  select count(*) as events
  from event
  where event_time >= $120 and event_time < $121
    and ((event_source = $122 and outcome = $123 and (event_name = $124 or event_name = $125 or event_name = $126 or event_name = $127 or event_name = $128 or event_name = $129 or event_name = $130 or event_name = $131 or event_name = $132 or event_name = $133 or event_name = $134 or event_name = $135 or event_name = $136 or event_name = $137 or event_name = $138 or event_name = $139 or event_name = $140 or event_name = $141 or event_name = $142 or event_name = $143 or event_name = $144 or event_name = $145 or event_name = $146 or event_name like $147 or event_name = $148 or event_name = $149 or event_name = $150 or event_name = $151 or event_name = $152 or event_name = $153 or event_name = $154 or event_name = $155 or event_name = $156 or event_name = $157 or event_name = $158 or event_name = $159 or event_name = $160 or event_name = $161 or event_name = $162 or event_name = $163 or event_name = $164 or event_name = $165 or event_name = $166 or event_name = $167 or event_name = $168)))
)
select ($169::text[])[class_at + 1] as class, event_name, resource, actor, coalesce(sum(events), 0)::bigint as events, max(last_seen) as last_seen, (select events from whole) as total
from partial
group by class_at, event_name, resource, actor
order by class_at asc nulls last, 1, 2, 3, 4
limit $170

-- network-exposure families
with partial as (
  select case when ((event_name = $1 and (((strpos(raw, $2) > 0 or strpos(raw, '\u') > 0) and exists (select from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $3 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $4 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $5 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $6 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $7 as v from (select coalesce(raw_json, raw)::json -> $8 as v offset 0) as step) as step) as step) as step) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' = $9)) or ((strpos(raw, $10) > 0 or strpos(raw, '\u') > 0) and exists (select from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $11 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $12 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $13 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $14 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $15 as v from (select coalesce(raw_json, raw)::json -> $16 as v offset 0) as step) as step) as step) as step) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' = $17)) or ((strpos(raw, $18) > 0 or strpos(raw, '\u') > 0) and exists (select from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $19 as v from (select coalesce(raw_json, raw)::json -> $20 as v offset 0) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' = $21)))) or (event_name = $22 and (((strpos(raw, $23) > 0 or strpos(raw, '\u') > 0) and exists (select from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $24 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $25 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $26 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $27 as v from (select coalesce(raw_json, raw)::json -> $28 as v offset 0) as step) as step) as step) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' = $29)) or ((strpos(raw, $30) > 0 or strpos(raw, '\u') > 0) and exists (select from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $31 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $32 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $33 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $34 as v from (select coalesce(raw_json, raw)::json -> $35 as v offset 0) as step) as step) as step) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' = $36)))) or (event_name = any($37) and ((strpos(raw, $38) > 0 and strpos(raw, $39) > 0 or strpos(raw, '\u') > 0) and exists (select from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $40 as v from (select coalesce(raw_json, raw)::json -> $41 as v offset 0) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' = $42)) and ((strpos(raw, $43) > 0 and strpos(raw, $44) > 0 or strpos(raw, '\u') > 0) and exists (select from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $45 as v from (select coalesce(raw_json, raw)::json -> $46 as v offset 0) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' = $47)) and (((strpos(raw, $48) > 0 or strpos(raw, '\u') > 0) and exists (select from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $49 as v from (select coalesce(raw_json, raw)::json -> $50 as v offset 0) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' = $51)) or ((strpos(raw, $52) > 0 or strpos(raw, '\u') > 0) and exists (select from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $53 as v from (select coalesce(raw_json, raw)::json -> $54 as v offset 0) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' = $55))))) then 0 when event_name = any($56) then 1 when event_name = any($57) then 2 when (event_name = $58 or event_name = $59 or event_name = $60 or event_name = $61 or event_name = $62 or event_name = $63 or event_name = $64 or event_name = $65 or event_name = $66 or event_name = $67 or event_name like $68) then 3 when event_name = any($69) then 4 when event_name = any($70) then 5 end as class_at, count(*) as events
  from event
  where event_time >= $71 and event_time < $72
    and ((event_source = $73 and outcome = $74 and (event_name = $75 or event_name = $76 or event_name = $77 or event_name = $78 or event_name = $79 or event_name = $80 or event_name = $81 or event_name = $82 or event_name = $83 or event_name = $84 or event_name = $85 or event_name = $86 or event_name = $87 or event_name = $88 or event_name = $89 or event_name = $90 or event_name = $91 or event_name = $92 or event_name = $93 or event_name = $94 or event_name = $95 or event_name = $96 or event_name = $97 or event_name like $98 or event_name = $99 or event_name = $100 or event_name = $101 or event_name = $102 or event_name = $103 or event_name = $104 or event_name = $105 or event_name = $106 or event_name = $107 or event_name = $108 or event_name = $109 or event_name = $110 or event_name = $111 or event_name = $112 or event_name = $113 or event_name = $114 or event_name = $115 or event_name = $116 or event_name = $117 or event_name = $118 or event_name = $119)))
  group by class_at
)
select ($120::text[])[class_at + 1] as class, coalesce(sum(events), 0)::bigint as events, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by class_at
order by class_at asc nulls last, 1
limit $121

-- network-exposure families before
with partial as (
  select case when ((event_name = $1 and (((strpos(raw, $2) > 0 or strpos(raw, '\u') > 0) and exists (select from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $3 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $4 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $5 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $6 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $7 as v from (select coalesce(raw_json, raw)::json -> $8 as v offset 0) as step) as step) as step) as step) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' = $9)) or ((strpos(raw, $10) > 0 or strpos(raw, '\u') > 0) and exists (select from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $11 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $12 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $13 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $14 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $15 as v from (select coalesce(raw_json, raw)::json -> $16 as v offset 0) as step) as step) as step) as step) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' = $17)) or ((strpos(raw, $18) > 0 or strpos(raw, '\u') > 0) and exists (select from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $19 as v from (select coalesce(raw_json, raw)::json -> $20 as v offset 0) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' = $21)))) or (event_name = $22 and (((strpos(raw, $23) > 0 or strpos(raw, '\u') > 0) and exists (select from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $24 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $25 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $26 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $27 as v from (select coalesce(raw_json, raw)::json -> $28 as v offset 0) as step) as step) as step) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' = $29)) or ((strpos(raw, $30) > 0 or strpos(raw, '\u') > 0) and exists (select from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $31 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $32 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $33 as v from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $34 as v from (select coalesce(raw_json, raw)::json -> $35 as v offset 0) as step) as step) as step) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' = $36)))) or (event_name = any($37) and ((strpos(raw, $38) > 0 and strpos(raw, $39) > 0 or strpos(raw, '\u') > 0) and exists (select from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $40 as v from (select coalesce(raw_json, raw)::json -> $41 as v offset 0) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' = $42)) and ((strpos(raw, $43) > 0 and strpos(raw, $44) > 0 or strpos(raw, '\u') > 0) and exists (select from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $45 as v from (select coalesce(raw_json, raw)::json -> $46 as v offset 0) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' = $47)) and (((strpos(raw, $48) > 0 or strpos(raw, '\u') > 0) and exists (select from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $49 as v from (select coalesce(raw_json, raw)::json -> $50 as v offset 0) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' = $51)) or ((strpos(raw, $52) > 0 or strpos(raw, '\u') > 0) and exists (select from (select json_array_elements(case json_typeof(v) when 'array' then v else json_build_array(v) end) as e from (select json_array_elements(case json_typeof(v) when 'array' then v when 'object' then json_build_array(v) end) -> $53 as v from (select coalesce(raw_json, raw)::json -> $54 as v offset 0) as step) as step) as value where json_typeof(e) in ('string', 'number', 'boolean') and e #>> '{}' = $55))))) then 0 when event_name = any($56) then 1 when event_name = any($57) then 2 when (event_name = $58 or event_name = $59 or event_name = $60 or event_name = $61 or event_name = $62 or event_name = $63 or event_name = $64 or event_name = $65 or event_name = $66 or event_name = $67 or event_name like $68) then 3 when event_name = any($69) then 4 when event_name = any($70) then 5 end as class_at, count(*) as events
  from event
  where event_time >= $71 and event_time < $72
    and ((event_source = $73 and outcome = $74 and (event_name = $75 or event_name = $76 or event_name = $77 or event_name = $78 or event_name = $79 or event_name = $80 or event_name = $81 or event_name = $82 or event_name = $83 or event_name = $84 or event_name = $85 or event_name = $86 or event_name = $87 or event_name = $88 or event_name = $89 or event_name = $90 or event_name = $91 or event_name = $92 or event_name = $93 or event_name = $94 or event_name = $95 or event_name = $96 or event_name = $97 or event_name like $98 or event_name = $99 or event_name = $100 or event_name = $101 or event_name = $102 or event_name = $103 or event_name = $104 or event_name = $105 or event_name = $106 or event_name = $107 or event_name = $108 or event_name = $109 or event_name = $110 or event_name = $111 or event_name = $112 or event_name = $113 or event_name = $114 or event_name = $115 or event_name = $116 or event_name = $117 or event_name = $118 or event_name = $119)))
  group by class_at
)
select ($120::text[])[class_at + 1] as class, coalesce(sum(events), 0)::bigint as events, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by class_at
order by class_at asc nulls last, 1
limit $121

-- tls-versions
with partial as (
  select tls_version, count(*) as events
  from event
  where event_time >= $1 and event_time < $2
    and (tls_version is not null)
  group by tls_version
)
select tls_version, coalesce(sum(events), 0)::bigint as events, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by tls_version
order by 2 desc nulls last, 1
limit $3

-- outdated-tls
with partial as (
  select actor, tls_version, client, source_ip, event_source, count(*) as events, max(event_time) as last_seen
  from event
  where event_time >= $1 and event_time < $2
    and ((tls_version = $3 or tls_version = $4 or tls_version = $5 or tls_version like $6))
  group by actor, tls_version, client, source_ip, event_source
)
select actor, tls_version, client, coalesce(sum(events), 0)::bigint as events, count(distinct source_ip) as source_ips, (
    select own.event_source from partial as own where own.event_source is not null
      and own.actor is not distinct from partial.actor
      and own.tls_version is not distinct from partial.tls_version
      and own.client is not distinct from partial.client
    group by own.event_source order by sum(own.events) desc, own.event_source limit 1
  ) as most_frequent_event_source, max(last_seen) as last_seen, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by actor, tls_version, client
order by 4 desc nulls last, 1, 2, 3
limit $7

-- vpc-endpoints
with partial as (
  select vpc_endpoint, actor, event_source, count(*) as events, count(*) filter (where outcome = 'failure') as failures, max(event_time) as last_seen
  from event
  where event_time >= $1 and event_time < $2
    and (vpc_endpoint is not null)
  group by vpc_endpoint, actor, event_source
)
select vpc_endpoint, coalesce(sum(events), 0)::bigint as events, count(distinct actor) as actors, count(distinct event_source) as distinct_event_source, coalesce(sum(failures), 0)::bigint as failures, max(last_seen) as last_seen, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by vpc_endpoint
order by 2 desc nulls last, 1
limit $3

-- service-callers
with partial as (
  select source_address, actor, event_name, count(*) as events, max(event_time) as last_seen
  from event
  where event_time >= $1 and event_time < $2
    and ((source_address is not null and ((source_ip is not null) is not true)))
  group by source_address, actor, event_name
)
select source_address, coalesce(sum(events), 0)::bigint as events, count(distinct actor) as actors, count(distinct event_name) as distinct_event_name, max(last_seen) as last_seen, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by source_address
order by 2 desc nulls last, 1
limit $3

-- networks
with partial as (
  select as_organisation, source_ip, actor, count(*) as events, count(*) filter (where outcome = 'failure') as failures, max(event_time) as last_seen
  from event
  where event_time >= $1 and event_time < $2
    and (as_organisation is not null)
  group by as_organisation, source_ip, actor
)
select as_organisation, coalesce(sum(events), 0)::bigint as events, count(distinct source_ip) as source_ips, count(distinct actor) as actors, coalesce(sum(failures), 0)::bigint as failures, max(last_seen) as last_seen, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by as_organisation
order by 2 desc nulls last, 1
limit $3

-- new-networks
with partial as (
  select actor, as_organisation, count(*) as events, min(event_time) as first_seen
  from event
  where event_time >= $1 and event_time < $2
    and ((as_organisation is not null and ((identity_type = $3) is not true) and (((actor like $4 or actor like $5)) is not true)))
  group by actor, as_organisation
)
select actor, as_organisation, coalesce(sum(events), 0)::bigint as events, min(first_seen) as first_seen, coalesce(sum(sum(events)) over (), 0)::bigint as total
from partial
group by actor, as_organisation
order by 4 desc nulls last, 1, 2
limit $6
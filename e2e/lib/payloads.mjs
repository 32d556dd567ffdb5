// What attackers write into events, and what tells that it did anything.

import { readFile } from "node:fs/promises";

const lines = (await readFile(new URL("../fixtures/payloads.txt", import.meta.url), "utf8")).split("\n");
const written = lines.filter((line) => line.startsWith('"')).map((line) => JSON.parse(line));

/** As in the file, and longer than a column: what is cut off may be what closed a quote or a tag. */
export const PAYLOADS = [
  ...written,
  `${"A".repeat(2030)}<img src=x onerror=__pwned(1)>`,
  `<a title="${"é".repeat(1020)}" onclick=__pwned(1)>`,
  `${"<b>".repeat(3000)}<img src=x onerror=__pwned(1)>`,
  `${"&amp;".repeat(2000)}<script>__pwned(1)</script>`,
  `"${"\\".repeat(2045)}"><img src=x onerror=__pwned(1)>`,
];

const ACCOUNT = "111122223333";
const time = (second) => new Date(Date.UTC(2020, 1, 3, 6) + second * 1000).toISOString().replace(".000", "");
/** All events are of this day. */
export const DAY = "from=2020-02-03T00:00:00Z&to=2020-02-04T00:00:00Z";
export const eventId = (kind, at) => `payload-${kind}-${at}`;

const event = (kind, at, fields) => ({
  eventVersion: "1.11",
  eventTime: time(at),
  eventID: eventId(kind, at),
  eventSource: "s3.amazonaws.com",
  eventName: "PutObjectTagging",
  awsRegion: "eu-central-1",
  sourceIPAddress: "198.51.100.1",
  recipientAccountId: ACCOUNT,
  eventType: "AwsApiCall",
  eventCategory: "Management",
  ...fields,
});

const byUser = (payload, at) =>
  event("user", at, {
    eventSource: "signin.amazonaws.com",
    eventName: "ConsoleLogin",
    eventType: "AwsConsoleSignIn",
    userIdentity: { type: "IAMUser", accountId: ACCOUNT, userName: payload, arn: `arn:aws:iam::${ACCOUNT}:user/${payload}` },
    userAgent: payload,
    errorMessage: payload,
    responseElements: { ConsoleLogin: "Failure" },
  });

const bySession = (payload, at) =>
  event("session", at, {
    userIdentity: {
      type: "AssumedRole",
      principalId: `AROAEXAMPLE:${payload}`,
      arn: `arn:aws:sts::${ACCOUNT}:assumed-role/deploy/${payload}`,
      accountId: ACCOUNT,
      sessionContext: { sourceIdentity: payload, sessionIssuer: { type: "Role", userName: "deploy" } },
    },
    userAgent: payload,
    requestParameters: { bucketName: payload, key: payload, tagging: { tagSet: [{ key: payload, value: payload }] } },
    resources: [{ type: "AWS::S3::Object", ARN: `arn:aws:s3:::${payload}` }],
  });

/** What the service itself says, as a forged file has it. */
const byService = (payload, at) =>
  event("service", at, {
    eventSource: payload,
    eventName: payload,
    awsRegion: payload,
    sourceIPAddress: payload,
    recipientAccountId: payload,
    errorCode: payload,
    requestID: payload,
    vpcEndpointId: payload,
    tlsDetails: { tlsVersion: payload },
    userIdentity: { type: payload, accountId: payload, accessKeyId: payload, invokedBy: payload, userName: payload },
    [payload]: { [payload]: [payload] },
  });

/** Each payload in each field. */
export const RECORDS = PAYLOADS.flatMap((payload, at) => [byUser, bySession, byService].map((make) => make(payload, at)));

/** Fields in which payloads are. */
export const FIELDS = ["user_agent", "actor", "session", "resource", "error_message", "error_code", "event_name", "event_source", "aws_region", "account", "source_identity", "source_address", "access_key", "vpc_endpoint", "tls_version", "identity_type"];
const short = (payload, most) => Array.from(payload.replace(/[\0\ud800-\udfff]/g, "")).slice(0, most).join("");
export const LINES = PAYLOADS.filter((payload) => payload.length <= 100 && !/[\p{Cc}\ud800-\udfff]/u.test(payload)).map((payload) => payload.trim());

/** Its panels beside the tables. */
export const DRAWN = ["ranking", "donut", "area", "bars", "line", "over-time", "heat-map", "classes", "switched", "events", "words"];

/** A dashboard whose panels have payloads for values, so many rows of each field, and, as a careless author's, for titles and words. */
export function dashboard(id, limit) {
  const words = (at, most) => short(LINES[(at * 7) % LINES.length], most);
  const tile = (id, at, panel) => ({
    place: { columns: 12, height: 200 },
    panel: { id, title: words(at, 80), description: words(at + 1, 200), empty: words(at + 2, 80), ...panel },
  });
  const counted = { measures: ["events", "error_message", "last_seen"] };
  const drawn = { by: ["user_agent"], measures: ["events"], limit: 40 };
  const classes = [0, 1, 2, 3].map((at) => ({ id: `c${at}`, label: words(40 + at, 60), filter: `event_name:*${at}*` }));
  return {
    version: 1,
    id,
    title: LINES[0],
    description: LINES[22],
    controls: ["user_agent", "actor"],
    annotations: [{ title: words(50, 60), filter: "event_name:ConsoleLogin" }],
    tiles: [
      ...FIELDS.map((field, at) => tile(`by-${field.replaceAll("_", "-")}`, at, { mark: "table", by: [field], ...counted, limit })),
      tile("ranking", 20, { mark: "ranking", ...drawn, limit: 100 }),
      tile("donut", 21, { mark: "donut", ...drawn }),
      tile("area", 22, { mark: "area", ...drawn, bucket: "1h" }),
      tile("bars", 23, { mark: "bars", ...drawn, bucket: "1h" }),
      tile("line", 24, { mark: "line", ...drawn, bucket: "1h" }),
      tile("over-time", 25, { mark: "ranking_over_time", ...drawn }),
      tile("heat-map", 26, { mark: "heat_map", by: ["user_agent", "event_name"], measures: ["events"], limit: 40, inner_limit: 40 }),
      tile("classes", 27, { mark: "table", by: ["class"], measures: ["events", "most_frequent_user_agent"], classes, limit: 10 }),
      tile("switched", 28, { mark: "figures", measures: ["events", "failures"], limit: 1, switches: [{ id: "one", label: words(60, 60), filter: "outcome:failure", on: false }] }),
      tile("events", 29, { mark: "list", by: ["event_time", "actor", "session", "event_name", "event_source", "outcome", "error_code", "source_address", "source_ip", "aws_region", "account", "event_id"], limit: 100 }),
      tile("words", 30, { mark: "text", text: PAYLOADS.map((payload) => short(payload, 200)).join("\n\n") }),
    ],
  };
}

/**
 * Runs in a page, or on a document that is only parsed. Returns what is in it that Trailmap does not make.
 * An element or attribute that Trailmap begins to use is added here.
 */
export function foreign(root = document, address = location.href) {
  const found = [];
  const here = new URL(address);
  const is = (list) => new Set(list.split(" "));
  const elements = is(
    "html head meta title link body header nav main footer section aside div span p a ul ol li dl dt dd h1 h2 h3 h4 h5 h6 hr br strong em b i small " +
      "code pre kbd del blockquote table caption colgroup col thead tbody tfoot tr th td article form fieldset legend label input select optgroup option textarea button output datalist " +
      "details summary dialog time img script noscript svg g path rect circle line polyline polygon text tspan use defs clipPath mask linearGradient stop desc pattern symbol abbr bdi mark progress figure figcaption template",
  );
  const forbidden = /^(on|style$|srcdoc$|srcset$|formaction$|ping$|poster$|background$|http-equiv$|is$|xml:base$)/i;
  for (const element of root.querySelectorAll("*")) {
    const tell = (what) => found.push(`${what}: ${element.outerHTML.slice(0, 160)}`);
    if (!elements.has(element.localName)) tell("element");
    for (const { name, value } of element.attributes) {
      // The map's zoom, which the browser's half sets.
      const zoom = name === "style" && element.matches(".map-view") && /^--map-zoom-inverse: [0-9.]+;$/.test(value);
      if (forbidden.test(name) && !zoom) tell(`attribute ${name}`);
      if (/^(id|name|class)$/.test(name) && /pwned|__proto__/.test(value)) tell(`attribute ${name}`);
      if (!/^[a-zA-Z][a-zA-Z0-9:_-]*$/.test(name)) tell(`attribute ${name}`);
      if (!/^(href|src|action|data|xlink:href)$/.test(name)) continue;
      const url = URL.parse(value, here);
      const leads = ["http:", "https:"].includes(url?.protocol) ? url.host : (url?.protocol ?? "nowhere");
      // Whoever writes a panel's words may link to the web.
      const away = leads === "db-ip.com" || (leads === "evil.example" && element.closest("[data-panel=words]") && element.rel === "noopener noreferrer");
      if (leads !== here.host && !(away && element.localName === "a")) tell(`leads to ${leads}`);
    }
    const own = element.nonce || element.getAttribute("nonce") || new URL(element.src || here, here).pathname.startsWith("/pkg/");
    if (element.localName === "script" && !own) tell("script");
  }
  return found;
}
